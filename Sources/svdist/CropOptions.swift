import ArgumentParser
import DistTrain

/// The options for crops by which recordings are compared.
struct CropOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Compare so many crops of each recording, spread evenly over it: a score is the mean of the cosines of all pairs, as "
        + "in VoxCeleb's evaluation by \(MultiCrop.usual.words).", valueName: "count"))
  var crops: Int?

  @Option(
    help: ArgumentHelp(
      "The length of a crop; a recording that is no longer is its only crop (default: "
        + "\(Int(MultiCrop.usual.seconds))).", valueName: "seconds"), transform: OptionRange.decimal)
  var cropSeconds: Double?

  func validate() throws {
    try OptionRange.check("--crops", crops, in: 2...1000)
    try OptionRange.check("--crop-seconds", cropSeconds, in: 0.2...300, unit: " seconds")
    if cropSeconds != nil, crops == nil { throw ValidationError("--crop-seconds: is for --crops COUNT: give both") }
  }

  /// Checks that the crops go with the other options.
  /// - Parameter others: options that they do not go with, each with whether it was given.
  func check(beside others: [(name: String, isGiven: Bool)], _ pieces: PieceOptions) throws {
    guard let chosen else { return }
    if let other = others.first(where: \.isGiven) {
      throw ValidationError("--crops takes the mean of cosines of recordings: leave out \(other.name)")
    }
    if chosen.seconds > pieces.seconds {
      throw ValidationError(
        "--crop-seconds: at most those of --longest-piece (\(pieces.seconds)), found \(chosen.seconds)")
    }
  }

  /// The crops; nil where recordings are compared as wholes.
  var chosen: MultiCrop? {
    crops.map { MultiCrop(count: $0, seconds: cropSeconds ?? MultiCrop.usual.seconds) }
  }
}

extension ScoreOrigin {
  /// The origin of cosines of an encoder's embeddings, of crops or of whole recordings.
  static func cosines(of crops: MultiCrop? = nil, encoder: String?) -> ScoreOrigin {
    ScoreOrigin(kind: ScoreOrigin.cosine + (crops.map { ", mean of \($0.words)" } ?? ""), encoder: encoder)
  }
}
