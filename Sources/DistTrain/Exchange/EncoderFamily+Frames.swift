/// The encoders whose convolutions see frames of all bins.
extension EncoderFamily {
  static let wespeakerECAPA = EncoderFamily(
    words: "wespeaker's ECAPA-TDNN", mark: "layer2.se_res2block.0.conv.weight", entry: "layer1.conv.weight"
  ) { shapes in
    let aggregation = try shapes.extent("conv.weight", 0)
    let pooling = shapes.pooling(in: "pool")
    let own = try [
      "layout": "wespeaker", "channels": "\(shapes.extent("layer1.conv.weight", 0))", "aggregation": "\(aggregation)",
      "globalContext": "\(shapes.has("pool.linear1.weight", 1, of: 3 * aggregation))",
      "pooling": pooling,
    ]
    return try Settings(
      type: "ecapa-tdnn", own: own, bins: shapes.extent("layer1.conv.weight", 1),
      embedding: shapes.extent("linear.weight", 0), pooling: pooling)
  }

  static let speechbrainECAPA = EncoderFamily(
    words: "SpeechBrain's ECAPA-TDNN", mark: "mfa.conv.conv.weight", entry: "blocks.0.conv.conv.weight"
  ) { shapes in
    let aggregation = try shapes.extent("mfa.conv.conv.weight", 0)
    let own = try [
      "layout": "speechbrain", "channels": "\(shapes.extent("blocks.0.conv.conv.weight", 0))",
      "aggregation": "\(aggregation)",
      "globalContext": "\(shapes.has("asp.tdnn.conv.conv.weight", 1, of: 3 * aggregation))",
    ]
    return try Settings(
      type: "ecapa-tdnn", own: own, bins: shapes.extent("blocks.0.conv.conv.weight", 1),
      embedding: shapes.extent("fc.conv.weight", 0), pooling: "astp")
  }

  static let xVector = EncoderFamily(
    words: "wespeaker's x-vector", mark: "frame_1.conv_1d.weight", entry: "frame_1.conv_1d.weight"
  ) { shapes in
    let pooling = shapes.pooling(in: "pool")
    let own = try [
      "channels": "\(shapes.extent("frame_1.conv_1d.weight", 0))",
      "statistics": "\(shapes.extent("frame_5.conv_1d.weight", 0))", "pooling": pooling,
    ]
    return try Settings(
      type: "x-vector", own: own, bins: shapes.extent("frame_1.conv_1d.weight", 1),
      embedding: shapes.extent("seg_1.weight", 0), pooling: pooling)
  }
}
