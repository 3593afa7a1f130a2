import ArgumentParser
import DistTrain
import Foundation

/// `svdist verify`: the score of two recordings.
struct VerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Compares the speakers of two recordings.",
    discussion: """
      Prints the cosine of their embeddings, or the score of a back end, and with --threshold whether they count as one \
      speaker.
      """)

  @Argument(help: "The enrolment's recording.")
  var enrolment: String

  @Argument(help: "The test recording.")
  var test: String

  @Option(help: ArgumentHelp("A run folder, a checkpoint or its model.safetensors.", valueName: "path"))
  var encoder: String

  @Option(
    help: ArgumentHelp(
      "Score by this back end of svdist fit: its file, or its name beside the encoder.", valueName: "file|name"))
  var backEnd: String?

  @Option(
    parsing: .unconditional, help: ArgumentHelp("Scores of at least this count as one speaker.", valueName: "score"),
    transform: { Float(try OptionRange.decimal($0)) })
  var threshold: Float?

  @OptionGroup var pieces: PieceOptions

  func validate() throws {
    try OptionRange.check("--threshold", threshold, in: backEnd == nil ? -1...1 : -1e6...1e6)
  }

  func run() throws {
    let loaded = try backEnd.map { try BackEndFile.read(BackEndFile.path($0, besideEncoder: encoder)) }
    let trained = try TrainedEncoder(Embedding.file(of: encoder), longestPiece: pieces.seconds)
    let extractor = trained.extractor
    let paths = [enrolment, test]
    let found = try paths.map { try AudioInspection.inspect(path: $0) }
    for (path, found) in zip(paths, found) {
      let remarks = [
        extractor.remark([found.seconds]), EmbeddingExtractor.remark(averaged: found.channels > 1 ? 1 : 0, of: 1),
      ]
      for remark in remarks.compactMap(\.self) { StandardError.say("note: \(path): \(remark)".shown) }
    }
    Embedding.warnOfMemory(extractor, found.map(\.seconds), SoleCommunicator())
    let vectors = try paths.map { try extractor.embedding(path: $0, name: $0) }
    let score =
      try loaded.map { try Self.score(vectors, found.map(\.seconds), $0, trained.identity) }
      ?? TrialScorer.cosine(vectors[0], vectors[1])
    let name = loaded.map { $0.calibration == nil ? "score" : "log-likelihood ratio" } ?? "cosine"
    print(String(format: "\(name) %.4f", score) + (threshold.map { score >= $0 ? "  same" : "  different" } ?? ""))
  }

  /// The score that a back end gives two embeddings.
  /// - Parameters:
  ///   - seconds: the lengths of their recordings.
  ///   - encoder: the identity of their encoder.
  private static func score(
    _ vectors: [[Float]], _ seconds: [Double], _ loaded: BackEnd, _ encoder: String
  ) throws -> Float {
    let names = ["enrolment", "test"]
    let embeddings = try Embeddings(
      names: names, vectors: Matrix(rows: 2, columns: vectors[0].count, vectors.flatMap { $0 }), encoder: encoder)
    if let note = try loaded.check(embeddings, "--encoder") { StandardError.say("note: \(note)".shown) }
    let trial = TrialList.Trial(enrolment: 0, test: 1, isTarget: true)
    return try loaded.scores(
      of: TrialList(path: "svdist verify", names: names, trials: [trial]), TrialEmbeddings(embeddings),
      durations: UtteranceDurations(Dictionary(uniqueKeysWithValues: zip(names, seconds))))[0]
  }
}
