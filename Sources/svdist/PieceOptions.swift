import ArgumentParser
import DistTrain

/// The option for how much of a recording is embedded at once.
struct PieceOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Embed what is longer than this in equal pieces, as the mean of their embeddings, weighted by their lengths, which "
        + "is not equal to the embedding of the whole. Memory grows with the pieces, not with the recording (default: "
        + "\(Int(EmbeddingExtractor.usualLongestPiece))).",
      valueName: "seconds"), transform: OptionRange.decimal)
  var longestPiece: Double?

  func validate() throws {
    try OptionRange.check("--longest-piece", longestPiece, in: EmbeddingExtractor.longestPieces, unit: " seconds")
  }

  /// The length in seconds of the longest utterance that is embedded as a whole.
  var seconds: Double { longestPiece ?? EmbeddingExtractor.usualLongestPiece }
}
