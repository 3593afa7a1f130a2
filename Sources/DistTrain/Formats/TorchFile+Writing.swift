extension TorchFile {
  /// Writes tensors as PyTorch's `torch.save` writes a state dict of single precision, from where they lie in memory.
  /// `torch.load` reads it with `weights_only=True`.
  /// - Parameters:
  ///   - counts: names of further tensors, each one whole number of 64 bits, 0.
  ///   - name: what the archive calls its folder, by which nobody reads it; PyTorch takes the file's own name.
  /// - Throws: `Failure(.usage)` where the tensors take 4 GiB or more; `Failure(.failed)` where the file cannot be
  ///   written.
  package static func write(
    _ tensors: [NamedTensor], counts: [String], called name: String, into file: OutputFile
  ) throws {
    let entries =
      tensors.map { (name: $0.name, storage: "FloatStorage", shape: $0.shape) }
      + counts.map { (name: $0, storage: "LongStorage", shape: []) }
    do {
      var archive = ZipWriter(file)
      try archive.add("\(name)/data.pkl", PickleWriter(entries).bytes)
      try archive.add("\(name)/byteorder", Array("little".utf8))
      for (index, tensor) in tensors.enumerated() {
        try tensor.withBytes { try archive.add("\(name)/data/\(index)", $0) }
      }
      for index in counts.indices {
        try archive.add("\(name)/data/\(tensors.count + index)", [UInt8](repeating: 0, count: 8))
      }
      try archive.add("\(name)/version", Array("3\n".utf8))
      try archive.finish()
    } catch is ZipWriter.TooLarge {
      throw Failure(
        .usage, "\(file.path): a file of PyTorch's is written of less than 4 GiB: take --format safetensors")
    }
  }
}
