extension ExportedTensors {
  /// Finds the batch normalisations that the exporter folded into convolutions, which is what is left of them: a shift,
  /// and weights that hold the rest. A normalisation becomes one that only adds the shift: its scale is 1, its running
  /// mean 0, and its running variance 1 - ε, rounded to single precision, by which the inverse deviation is 1 but for
  /// 7 · 10⁻⁹, and 1 in single precision. The encoder computes what the file's graph does.
  /// - Parameters:
  ///   - foldings: which normalisation is behind which convolution.
  ///   - prefix: what the names of all the encoder's tensors begin with.
  func unfolded(_ foldings: [Folding], prefix: String) -> ExportedTensors {
    var tensors = self
    var shifts: Set<String> = []
    for module in folded where module.begins(with: prefix) {
      let (inner, bias) = (module.dropping(bytes: prefix.utf8.count), "\(module).bias")
      guard let folding = foldings.first(where: { $0.isOf(inner) }), let (source, shape) = entries[bias] else {
        continue
      }
      let name = prefix + folding.normalization(of: inner)
      if entries["\(name).running_var"] != nil { continue }
      if !folding.keepsBias { shifts.insert(bias) }
      tensors.add("\(name).weight", .constant(1), shape: shape)
      tensors.add("\(name).bias", folding.keepsBias ? .constant(0) : source, shape: shape)
      tensors.add("\(name).running_mean", .constant(0), shape: shape)
      tensors.add("\(name).running_var", .constant(Float(1 - folding.epsilon)), shape: shape)
      tensors.normalizations += 1
    }
    tensors.remove(shifts)
    return tensors
  }

  /// Lines about what the exporter made of the encoder.
  /// - Throws: `Failure(.badData)` where the mean vector cannot be read.
  func notes() throws -> [String] {
    var notes: [String] = []
    if normalizations > 0 {
      notes.append(
        "\(normalizations) normalisations are folded into their convolutions: they become ones of scale 1, mean 0 and "
          + "variance 1, by which the encoder computes the same; training from it starts with these, and so from a "
          + "weaker encoder than the one that was exported")
    }
    if try hasMeanOfOthers() {
      notes.append(
        "the graph subtracts a mean vector from embeddings (mean_vec), which is left out: evaluate does so by "
          + "--subtract-mean")
    }
    return notes
  }

  /// Whether the graph has what wespeaker's exporter adds to every encoder.
  var isWespeakers: Bool { values[Self.mean] != nil }

  /// Whether the graph subtracts a vector from embeddings that is not zero.
  private func hasMeanOfOthers() throws -> Bool {
    guard let tensor = values[Self.mean], HostMemory.holds(MemoryLayout<Float>.size * tensor.count) else {
      return false
    }
    var mean = [Float](repeating: 0, count: tensor.count)
    try mean.withUnsafeMutableBufferPointer { try model.read(tensor, into: $0) }
    return mean.contains { $0 != 0 }
  }
}
