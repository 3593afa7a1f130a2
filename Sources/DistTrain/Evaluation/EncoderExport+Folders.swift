/// The folders in which other toolkits keep an encoder. Their names of files are those that `ForeignSource` knows.
extension TrainedEncoder {
  private func configuration() throws -> Configuration { try .encoder(metadata: settings, path: path) }

  /// Writes wespeaker's `config.yaml` and `avg_model.pt`.
  func writeWespeaker(_ words: EncoderExport.Words, to folder: String) throws -> [String] {
    let theirs = try WespeakerConfiguration(configuration(), of: path, version: words.version)
    try WholeFolder.write(folder, remedy: EncoderExport.remedy) { folder in
      try Self.write(theirs.text, to: "\(folder)/config.yaml")
      try write(extractor.tensors, stateDictionary: "avg_model", "pt", in: folder)
    }
    return theirs.remarks
  }

  /// Writes SpeechBrain's `hyperparams.yaml` and `embedding_model.ckpt`.
  func writeSpeechBrain(_ words: EncoderExport.Words, to folder: String) throws -> [String] {
    let factor = try SafetensorsFile(path: path).metadata["imported.factor"].flatMap { Float($0) } ?? 1
    let theirs = try SpeechBrainConfiguration(
      configuration(), of: path, isTheirs: factor != 1, version: words.version)
    let tensors = extractor.tensors.map { tensor in
      tensor.name == theirs.entry.name ? tensor.divided(by: theirs.entry.factor) : tensor
    }
    try WholeFolder.write(folder, remedy: EncoderExport.remedy) { folder in
      try Self.write(theirs.text, to: "\(folder)/hyperparams.yaml")
      try write(tensors, stateDictionary: "embedding_model", "ckpt", in: folder)
    }
    return [theirs.remark].compactMap(\.self)
  }

  /// Writes what a page of a model hub has: a card, the settings, svdist's own file and the graph, where the encoder
  /// has one.
  func writeHub(_ words: EncoderExport.Words, to folder: String) throws -> [String] {
    let hasGraph = extractor.encoder is any GraphEncoder
    let card = ModelCard(of: self, words, hasGraph: hasGraph)
    try WholeFolder.write(folder, remedy: EncoderExport.remedy) { folder in
      try Self.write(card.text, to: "\(folder)/README.md")
      try Self.write(card.settings, to: "\(folder)/config.json")
      try SafetensorsFile.write(extractor.tensors, metadata: settings, to: "\(folder)/model.safetensors")
      if hasGraph { try writeGraph(words, to: "\(folder)/model.onnx") }
    }
    let note = "\(folder)/README.md: fill in what is marked, the licence above all"
    return [note] + (hasGraph ? [sherpaRemark].compactMap(\.self) : [])
  }

  private static func write(_ text: String, to path: String) throws { try AtomicFile.write(text, to: path) }

  /// Writes a state dict, with the counts of batches that PyTorch's normalisations have beside their statistics.
  private func write(_ tensors: [NamedTensor], stateDictionary name: String, _ suffix: String, in folder: String) throws
  {
    let mark = ".running_mean"
    let counts = tensors.map(\.name).filter { $0.ends(with: mark) }.map {
      "\($0.prefix($0.count - mark.count)).num_batches_tracked"
    }
    try AtomicFile.write(to: "\(folder)/\(name).\(suffix)") {
      try TorchFile.write(tensors, counts: counts, called: name, into: $0)
    }
  }
}

extension NamedTensor {
  /// A copy whose numbers are divided by a factor.
  fileprivate func divided(by factor: Float) -> NamedTensor {
    withBytes { bytes in
      NamedTensor(name: name, shape: shape, values: bytes.bindMemory(to: Float.self).map { $0 / factor })
    }
  }
}
