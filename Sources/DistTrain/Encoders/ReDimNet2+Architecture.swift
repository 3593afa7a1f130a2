extension ReDimNet2 {
  /// The sizes that wespeaker has presets of. Of those published, B0, B4 and B6 have the number of parameters of the
  /// paper.
  package enum Size: String, Sendable, CaseIterable {
    case b0, b1, b2, b3, b4, b5, b6

    /// The number of channels of the first map.
    var channels: Int {
      switch self {
      case .b0: 12
      case .b1: 16
      case .b2: 20
      case .b3: 24
      case .b4: 32
      case .b5: 48
      case .b6: 64
      }
    }

    /// The number of channels that are pooled, at each height where the sum of all maps keeps it.
    var outputs: Int? {
      switch self {
      case .b0, .b1, .b2, .b3: 64
      case .b4: nil
      case .b5: 256
      case .b6: 224
      }
    }

    /// Whether the sum of all maps is read as a map over height and time.
    var keepsHeight: Bool { self == .b0 || self == .b6 }

    var stages: [ReDimNet2.Sizes.Stage] {
      switch self {
      case .b0, .b3: Self.stages(expansions: [2], reductions: [36, 36, 36, 36, 18, 18])
      case .b1: Self.stages(expansions: [2], reductions: [32, 32, 32, 32, 16, 16])
      case .b2: Self.stages(heights: [1, 2, 1, 3, 1, 2], expansions: [2], reductions: [40, 30, 30, 20, 20, 10])
      case .b4: Self.stages(expansions: [4, 3, 2], reductions: [24, 24, 24, 24, 24, 24])
      case .b5: Self.stages(expansions: [4, 3, 2], reductions: [48, 48, 48, 48, 32, 32])
      case .b6:
        Self.stages(
          blocks: [3, 4, 5, 5, 4, 3], expansions: [3, 2, 2, 1, 0.75, 0.5], reductions: [64, 64, 48, 48, 32, 24])
      }
    }

    /// The six stages of a size, the third and fifth of which halve the frames.
    private static func stages(
      heights: [Int] = [1, 2, 1, 2, 1, 2], blocks: [Int] = [2, 3, 4, 5, 4, 3], expansions: [Double],
      reductions: [Int]
    ) -> [ReDimNet2.Sizes.Stage] {
      .stages(
        heights: heights, halving: [2, 4], blocks: blocks, expansions: expansions, reductions: reductions)
    }
  }

  /// The architecture of the type `redimnet2`.
  package static let architecture = EncoderArchitecture(
    name: "redimnet2",
    settings: [.choice("size", Size.b0, "wespeaker's preset of that name; b0 pools its map over frequency and time")],
    embedding: Sizes().embedding,
    make: { own, bins, dimensions in
      var sizes = Sizes(own.choice("size"))
      sizes.bins = bins
      sizes.embedding = dimensions
      return ReDimNet2(sizes)
    }, binsFactor: { own in Sizes(own.choice("size")).heightStride })
}

extension ReDimNet2.Sizes {
  /// The sizes of a preset.
  package init(_ size: ReDimNet2.Size) {
    channels = size.channels
    stages = size.stages
    outputs = size.outputs
    keepsHeight = size.keepsHeight
  }
}
