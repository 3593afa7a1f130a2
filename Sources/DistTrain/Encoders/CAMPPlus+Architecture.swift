extension CAMPPlus {
  /// The architecture of the type `campplus`. Sizes that have no setting are the published ones.
  package static let architecture = EncoderArchitecture(
    name: "campplus",
    settings: [
      .number("channels", Sizes().channels, "channels before the first of three dense blocks"),
      .number("growth", Sizes().growth, "channels that each dense layer adds", from: 2),
      .number(
        "bottleneck", Sizes().bottleneck, "channels within a dense layer for each that it adds",
        among: [1, 2, 4, 8]),
    ], embedding: Sizes().embedding
  ) { own, bins, dimensions in
    var sizes = Sizes()
    sizes.bins = bins
    sizes.channels = own.number("channels")
    sizes.growth = own.number("growth")
    sizes.bottleneck = own.number("bottleneck")
    sizes.embedding = dimensions
    return CAMPPlus(sizes)
  }
}
