import ArgumentParser
import DistTrain
import Foundation

/// `svdist verify`: the score of two recordings.
struct VerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Compares the speakers of two recordings.",
    discussion: "Prints the cosine of their embeddings and, with --threshold, whether they count as one speaker.")

  @Argument(help: "The enrolment's recording.")
  var enrolment: String

  @Argument(help: "The test recording.")
  var test: String

  @Option(help: ArgumentHelp("A run folder, a checkpoint or its model.safetensors.", valueName: "path"))
  var encoder: String

  @Option(
    parsing: .unconditional, help: ArgumentHelp("Cosines of at least this count as one speaker.", valueName: "cosine"),
    transform: { Float(try OptionRange.decimal($0)) })
  var threshold: Float?

  @OptionGroup var pieces: PieceOptions

  func validate() throws {
    try OptionRange.check("--threshold", threshold, in: -1...1)
  }

  func run() throws {
    let extractor = try TrainedEncoder(Embedding.file(of: encoder), longestPiece: pieces.seconds).extractor
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
    let score = TrialScorer.cosine(vectors[0], vectors[1])
    print(String(format: "cosine %.4f", score) + (threshold.map { score >= $0 ? "  same" : "  different" } ?? ""))
  }
}
