import ArgumentParser
import DistTrain
import Foundation

/// `svdist verify`: the score of two recordings, or of one against an enrolment of several.
struct VerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Compares the speakers of two recordings.",
    discussion: """
      Prints the cosine of their embeddings and, with --threshold, whether they count as one speaker. A speaker that is \
      enrolled by several recordings has the mean of their embeddings: --enrol a.wav b.wav --test c.wav.
      """)

  @Argument(help: "The enrolment's recording and the test's, where --enrol and --test do not name them.")
  var recordings: [String] = []

  @Option(
    name: [.long, .customLong("enroll")], parsing: .upToNextOption,
    help: ArgumentHelp("The recordings of the enrolment.", valueName: "file"))
  var enrol: [String] = []

  @Option(help: ArgumentHelp("The test's recording.", valueName: "file"))
  var test: String?

  @Option(help: ArgumentHelp("A run folder, a checkpoint or its model.safetensors.", valueName: "path"))
  var encoder: String

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Cosines of at least this count as one speaker; or a file by svdist threshold.", valueName: "cosine|file"))
  var threshold: String?

  @OptionGroup var pieces: PieceOptions

  @OptionGroup var speech: SpeechOptions

  func validate() throws {
    try OptionRange.check("--threshold", cosine, in: -1...1)
    if let threshold, cosine == nil, !FileSystem.exists(threshold) {
      throw ValidationError("--threshold \(threshold): neither a number nor a file")
    }
    let isNamed = !enrol.isEmpty && test != nil && recordings.isEmpty
    guard isNamed || (enrol.isEmpty && test == nil && recordings.count == 2) else {
      throw ValidationError(
        "two recordings are compared: name the enrolment's and the test's, or give --enrol FILE… and --test FILE")
    }
  }

  /// The threshold where it is a number.
  private var cosine: Double? { threshold.flatMap { try? OptionRange.decimal($0) } }

  func run() throws {
    let rule = try threshold.flatMap { try cosine == nil ? DecisionFile.read($0) : nil }
    var extractor = try TrainedEncoder(Embedding.file(of: encoder), longestPiece: pieces.seconds).extractor
    extractor.minimumSpeech = speech.seconds
    let enrolment = enrol.isEmpty ? [recordings[0]] : enrol
    let paths = enrolment + [test ?? recordings[1]]
    let found = try paths.map { try AudioInspection.inspect(path: $0) }
    for (path, found) in zip(paths, found) {
      let remarks = [
        extractor.remark([found.seconds]), EmbeddingExtractor.remark(averaged: found.channels > 1 ? 1 : 0, of: 1),
      ]
      for remark in remarks.compactMap(\.self) { StandardError.say("note: \(path): \(remark)".shown) }
    }
    Embedding.warnOfMemory(extractor, found.map(\.seconds), SoleCommunicator())
    let vectors = try paths.map { try extractor.embedding(path: $0, name: $0) }
    let score = TrialScorer.cosine(EnrolmentMap.mean(Array(vectors.dropLast())), vectors[vectors.count - 1])
    let answer = cosine.map { Double(score) >= $0 ? .same : .different } ?? rule?.answer(Double(score))
    print(String(format: "cosine %.4f", score) + (answer.map { "  \($0.rawValue)" } ?? ""))
  }
}
