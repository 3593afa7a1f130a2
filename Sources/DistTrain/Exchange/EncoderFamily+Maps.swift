/// The encoders whose convolutions see maps of frequency and time. Strides may leave it open how many bins there are:
/// the most that give the height of the last map are taken.
extension EncoderFamily {
  static let campplus = EncoderFamily(
    words: "CAM++", mark: "xvector.tdnn.linear.weight", entry: "head.conv1.weight",
    foldings: Folding.campplus
  ) { shapes in
    let growth = try shapes.extent("xvector.block1.tdnnd1.cam_layer.linear_local.weight", 0)
    let hidden = try shapes.extent("xvector.block1.tdnnd1.linear1.weight", 0)
    let height = try shapes.extent("xvector.tdnn.linear.weight", 1) / shapes.extent("head.conv1.weight", 0)
    let own = try [
      "channels": "\(shapes.extent("xvector.tdnn.linear.weight", 0))", "growth": "\(growth)",
      "bottleneck": "\(hidden / growth)",
    ]
    return try Settings(
      type: "campplus", own: own, bins: 8 * height, embedding: shapes.extent("xvector.dense.linear.weight", 0),
      pooling: shapes.pooling(in: "xvector.stats"))
  }

  static let resNet = EncoderFamily(
    words: "wespeaker's ResNet", mark: "layer4.0.conv1.weight", entry: "conv1.weight",
    foldings: Folding.residual
  ) { try residual($0, front: "", pooling: "pool", output: "seg_1.weight") }

  static let simamResNet = EncoderFamily(
    words: "wespeaker's SimAM-ResNet", mark: "front.layer4.0.conv1.weight", entry: "front.conv1.weight",
    foldings: Folding.residual
  ) { try residual($0, front: "front.", pooling: "pooling", output: "bottleneck.weight") }

  private static func residual(_ shapes: TensorShapes, front: String, pooling: String, output: String) throws
    -> Settings
  {
    let channels = try shapes.extent("\(front)conv1.weight", 0)
    let isBottleneck = shapes.contains("\(front)layer1.0.conv3.weight")
    let pooling = shapes.pooling(in: pooling)
    // The last stage has eight times the channels; of all statistics but xi there are two.
    let rows = 8 * channels * (isBottleneck ? 4 : 1) * (pooling == "xi" ? 1 : 2)
    let own = [
      "channels": "\(channels)", "twoLayers": "\(shapes.contains("seg_2.weight"))",
      "gate": front.isEmpty ? "none" : "simam", "pooling": pooling,
    ]
    return try Settings(
      type: "resnet", own: own, bins: 8 * (shapes.extent(output, 1) / rows), embedding: shapes.extent(output, 0),
      pooling: pooling, open: "depth")
  }

  static let reDimNet2 = EncoderFamily(
    words: "wespeaker's ReDimNet2", mark: "backbone.stage0.0.w", entry: "backbone.stem.0.weight",
    foldings: Folding.reDimNet
  ) { shapes in
    let bins = try shapes.extent("backbone.stage0.0.w", 2) / shapes.extent("backbone.stem.0.weight", 0)
    return try Settings(
      type: "redimnet2", own: [:], bins: bins, embedding: shapes.extent("linear.weight", 0), pooling: "astp",
      open: "size")
  }

  static let reDimNet = EncoderFamily(
    words: "wespeaker's ReDimNet", mark: "backbone.inputs_weights.1", entry: "backbone.stem.0.weight",
    foldings: Folding.reDimNet
  ) { shapes in
    let bins = try shapes.extent("backbone.inputs_weights.1", 2) / shapes.extent("backbone.stem.0.weight", 0)
    return try Settings(
      type: "redimnet", own: [:], bins: bins, embedding: shapes.extent("seg_1.weight", 0), pooling: "astp", open: "size"
    )
  }
}
