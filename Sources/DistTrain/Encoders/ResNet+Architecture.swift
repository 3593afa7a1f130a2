extension ResNet {
  /// The architecture of the type `resnet`.
  package static let architecture = EncoderArchitecture(
    name: "resnet",
    settings: [
      .number(
        "depth", Sizes().depth.rawValue, "layers with weights; from 50 on, but for 100, blocks are bottlenecks",
        among: Depth.allCases.map(\.rawValue)),
      .number("channels", Sizes().channels, "channels of the first of four stages, each of which doubles them"),
      .truth("twoLayers", Sizes().twoLayers, "a second linear layer makes the embedding"),
      .choice("gate", Sizes().gate, "what ends a block's path before the sum"),
      .choice("pooling", Sizes().pooling, "what is taken over time: plain, attentive, or xi-vector's statistics"),
    ], embedding: Sizes().embedding
  ) { own, bins, dimensions in
    var sizes = Sizes()
    sizes.bins = bins
    guard let depth = Depth(rawValue: own.number("depth")) else { preconditionFailure("no such depth") }
    sizes.depth = depth
    sizes.channels = own.number("channels")
    sizes.embedding = dimensions
    sizes.twoLayers = own.truth("twoLayers")
    sizes.gate = own.choice("gate")
    sizes.pooling = own.choice("pooling")
    return ResNet(sizes)
  }
}
