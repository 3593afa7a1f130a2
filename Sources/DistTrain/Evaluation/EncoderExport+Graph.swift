extension TrainedEncoder {
  /// The type of the encoder, by its setting.
  var type: String { settings["encoder.type"] ?? "" }
  /// The encoder in a few words.
  package var words: String { "\(type) of \(extractor.encoder.dimensions) dimensions" }

  /// Writes the encoder as a graph, with svdist's own settings as metadata, and with those of sherpa-onnx where it takes
  /// features, which sherpa-onnx computes.
  func writeGraph(
    _ words: EncoderExport.Words, _ input: EncoderExport.GraphInput = .features, to path: String
  ) throws {
    let graph = try extractor.graph(of: self.path, input)
    var metadata = sherpaMetadata(language: words.language, version: words.version)
    if input == .waveforms {
      for key in ["framework", "normalize_samples", "feature_normalize_type"] { metadata[key] = nil }
    }
    metadata.merge(words.check?.metadata ?? [:]) { own, _ in own }
    try ONNXFile.write(
      graph, producer: (name: "svdist", version: words.version), metadata: metadata.merging(settings) { $1 }, to: path)
  }

  /// What sherpa-onnx reads of a model of speaker embeddings (its `scripts/wespeaker` and
  /// `csrc/speaker-embedding-extractor-model.cc`).
  package func sherpaMetadata(language: String, version: String) -> [String: String] {
    let frontEnd = extractor.frontEnd
    return [
      "framework": "wespeaker", "model_type": type, "language": language,
      "comment": "svdist \(version)", "sample_rate": "\(FrontEnd.sampleRate)",
      "output_dim": "\(extractor.encoder.dimensions)",
      // 0: samples are scaled to 16 bits before the filter bank.
      "normalize_samples": frontEnd.scale == .int16 ? "0" : "1",
      "feature_normalize_type": frontEnd.meanRemoval == .utterance ? "global-mean" : "",
    ]
  }

  /// A line about settings of the front end that sherpa-onnx has fixed to other values, by which its embeddings would
  /// be others; nil where there are none.
  package var sherpaRemark: String? {
    var theirs = FrontEnd()
    theirs.take(.sherpa)
    (theirs.scale, theirs.meanRemoval) = (extractor.frontEnd.scale, extractor.frontEnd.meanRemoval)
    let others = extractor.frontEnd.differences(from: theirs)
    if others.isEmpty { return nil }
    return
      "sherpa-onnx would compute other features than this encoder was trained with "
      + "(\(others.joined(separator: "; "))): give the graph features of the encoder's own settings, or train with features.profile: sherpa"
  }
}
