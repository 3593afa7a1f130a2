extension ReDimNet {
  /// Sizes that wespeaker has presets of.
  package enum Size: String, Sendable, CaseIterable {
    case b0, b1, b2

    /// The number of channels of the first map.
    var channels: Int {
      switch self {
      case .b0: 10
      case .b1: 12
      case .b2: 16
      }
    }

    var blocks: Blocks {
      switch self {
      case .b0: .separable
      case .b1: .grouped(8)
      case .b2: .grouped(4)
      }
    }

    var stages: [Sizes.Stage] {
      switch self {
      case .b0:
        .stages(
          heights: [1, 2, 1, 2, 1], blocks: [2, 3, 3, 4, 3], expansions: [1, 2, 3, 2, 1],
          reductions: [30, 30, 30, 10, 10])
      case .b1:
        .stages(heights: [1, 2, 3, 2, 2], blocks: [2, 3, 4, 5, 3], reductions: [nil, nil, 12, 12, 8])
      case .b2:
        .stages(heights: [1, 2, 1, 2, 1, 2], blocks: [2, 2, 3, 4, 4, 4], reductions: [12, 12, 12, 8, 8, 4])
      }
    }
  }

  /// The architecture of the type `redimnet`.
  package static let architecture = EncoderArchitecture(
    name: "redimnet",
    settings: [.choice("size", Size.b0, "wespeaker's preset of that name; b0's features have 60 bins, the others' 72")],
    embedding: Sizes().embedding,
    make: { own, bins, dimensions in
      var sizes = Sizes(own.choice("size"))
      sizes.bins = bins
      sizes.embedding = dimensions
      return ReDimNet(sizes)
    }, binsFactor: { own in Sizes(own.choice("size")).heightStride })
}

extension ReDimNet.Sizes {
  /// The sizes of a preset.
  package init(_ size: ReDimNet.Size) {
    channels = size.channels
    stages = size.stages
    blocks = size.blocks
    bins = size == .b0 ? 60 : 72
  }
}
