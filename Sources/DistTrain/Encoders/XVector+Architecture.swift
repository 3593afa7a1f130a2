extension XVector {
  /// The architecture of the type `x-vector`.
  package static let architecture = EncoderArchitecture(
    name: "x-vector",
    settings: [
      .number("channels", Sizes().channels, "channels of all layers over frames but the last"),
      .number("statistics", Sizes().statistics, "channels whose means and deviations over time are taken"),
      .choice("pooling", Sizes().pooling, "what is taken over time: plain, attentive, or xi-vector's statistics"),
    ], embedding: Sizes().embedding
  ) { own, bins, dimensions in
    var sizes = Sizes()
    sizes.bins = bins
    sizes.channels = own.number("channels")
    sizes.statistics = own.number("statistics")
    sizes.embedding = dimensions
    sizes.pooling = own.choice("pooling")
    return XVector(sizes)
  }
}
