extension ECAPATDNN {
  /// The architecture of the type `ecapa-tdnn`. Sizes that have no setting are the published ones.
  package static let architecture = EncoderArchitecture(
    name: "ecapa-tdnn",
    settings: [
      .choice("layout", Arrangement.wespeaker, "toolkit whose structure and parameter names it has"),
      .number("channels", 512, "width of the convolutions", from: 8, multipleOf: 8),
      .number("aggregation", 1536, "channels that the blocks' outputs are aggregated to"),
      .truth("globalContext", true, "pooling's attention sees mean and deviation over time"),
      .choice("pooling", Pooling.astp, "statistics over time: attentive, plain, or xi-vectors'"),
    ],
    make: { own, bins, dimensions in
      var sizes = Sizes()
      sizes.bins = bins
      sizes.channels = own.number("channels")
      sizes.aggregation = own.number("aggregation")
      sizes.embedding = dimensions
      sizes.globalContext = own.truth("globalContext")
      sizes.pooling = own.choice("pooling")
      return ECAPATDNN(sizes, arrangement: own.choice("layout"))
    },
    disagreement: { own in
      let (arrangement, pooling): (Arrangement, Pooling) = (own.choice("layout"), own.choice("pooling"))
      if arrangement == .wespeaker || pooling == .astp { return nil }
      return
        "encoder.pooling: SpeechBrain's layout has astp alone, found \(pooling.rawValue): set encoder.pooling=astp "
        + "or encoder.layout=wespeaker"
    })
}
