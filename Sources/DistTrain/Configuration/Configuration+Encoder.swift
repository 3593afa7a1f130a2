extension Configuration {
  /// The network that makes embeddings.
  package struct Encoder: Codable, Sendable, Equatable {
    package enum Kind: String, Choice {
      case ecapaTDNN = "ecapa-tdnn"
    }

    package typealias Layout = ECAPATDNN.Arrangement

    /// Where batch statistics come from: all ranks, which makes R ranks equal one, or each rank's own rows.
    package enum BatchNormalization: String, Choice {
      case global, local
    }

    package var type = Kind.ecapaTDNN
    package var layout = Layout.wespeaker
    package var channels = 512
    package var aggregation = 1536
    package var embedding = 192
    package var globalContext = true
    package var batchNormalization = BatchNormalization.global

    package init() {}

    static let settings = [
      Setting("encoder.type", \.encoder.type, "architecture"),
      Setting("encoder.layout", \.encoder.layout, "toolkit whose structure and parameter names it has"),
      Setting(
        "encoder.channels", \.encoder.channels, "width of the convolutions",
        allowed: Allowed(text: "a multiple of 8 from 8 to 65536") { (8...65_536).contains($0) && $0 % 8 == 0 }),
      Setting(
        "encoder.aggregation", \.encoder.aggregation, "channels that the blocks' outputs are aggregated to",
        allowed: .from(1, to: 65_536)),
      Setting("encoder.embedding", \.encoder.embedding, "dimensions of an embedding", allowed: .from(1, to: 65_536)),
      Setting(
        "encoder.globalContext", \.encoder.globalContext, "pooling's attention sees mean and deviation over time"),
      Setting(
        "encoder.batchNormalization", \.encoder.batchNormalization,
        "batch statistics over all ranks, or over each rank's rows"),
    ]
  }
}

extension ECAPATDNN.Arrangement: Choice {}

extension Configuration {
  /// The encoder that the settings name.
  package var network: any DistTrain.Encoder {
    var sizes = ECAPATDNN.Sizes()
    sizes.bins = features.bins
    sizes.channels = encoder.channels
    sizes.aggregation = encoder.aggregation
    sizes.embedding = encoder.embedding
    sizes.globalContext = encoder.globalContext
    return ECAPATDNN(sizes, arrangement: encoder.layout)
  }
}
