/// A file of `torch.save` that is open for reading; its tensors are read one by one, as floats. Since PyTorch 1.6 these
/// are zip archives of a pickle (`data.pkl`), which names the tensors, and of their numbers (`data/KEY`), see
/// `torch/serialization.py`.
///
/// Tensors are found in a dictionary of them by name, as `state_dict()` gives it, or in one that the file's dictionary
/// holds, as in checkpoints of PyTorch Lightning. Nothing in the file is run.
package struct TorchFile: TensorFile {
  package let path: String
  /// The names of the tensors, in the order of the dictionary.
  package let names: [String]
  /// The keys by which the dictionary of the tensors is reached from that of the file; none where it is that itself.
  package let keys: [String]
  /// The names of what lies in the dictionary and is no tensor.
  package let others: [String]
  private let file: InputFile
  private let entries: [String: TorchTensors.Entry]

  /// Opens a file, and reads and checks the places of its tensors.
  /// - Throws: `Failure(.badData)` that names the file and says what is wrong, or how to convert one of another form.
  package init(path: String) throws {
    self.path = path
    file = try InputFile(path: path)
    if let refusal = Self.refusal(of: file) { throw Failure(.badData, "\(path): \(refusal)") }
    do {
      let tensors = try TorchTensors(of: ZipArchive(of: file))
      (names, keys, others, entries) = (tensors.names, tensors.keys, tensors.others, tensors.entries)
    } catch let error as ZipArchive.Malformed {
      throw Failure(.badData, "\(path) is not a whole PyTorch file: \(error.what)")
    } catch let error as PickleReader.Malformed {
      throw Failure(
        .badData,
        "\(path): its pickle has \(error.what) at byte \(error.offset), which is not read: "
          + "convert it with safetensors.torch.save_file(state_dict, FILE)")
    } catch let error as TorchTensors.Unfit {
      throw Failure(.badData, "\(path): \(error.what)")
    }
  }

  package func shape(of name: String) throws -> [Int] { try entry(name).tensor.shape }

  package func element(of name: String) throws -> SafetensorsElement { try entry(name).element }

  package func read(_ name: String, into values: UnsafeMutableBufferPointer<Float>) throws {
    let entry = try entry(name)
    let (element, tensor) = (entry.element, entry.tensor)
    guard tensor.count == values.count else {
      throw Failure(
        .badData, "\(path): tensor \(name) has shape \(tensor.shape), \(values.count) elements are expected")
    }
    let start = entry.storage.lowerBound + tensor.span.lowerBound * element.size
    do {
      if tensor.isContiguous { return try element.read(file, at: start, into: values) }
      guard HostMemory.holds(4 * tensor.span.count) else { throw InputFile.tooLarge(path) }
      var span = [Float](repeating: 0, count: tensor.span.count)
      try span.withUnsafeMutableBufferPointer { span in
        try element.read(file, at: start, into: span)
        tensor.gather(UnsafeBufferPointer(span), into: values)
      }
    } catch is SafetensorsElement.NoFloats {
      throw Failure(.badData, "\(path): tensor \(name) of type \(element.rawValue) cannot be read as floats")
    }
  }

  private func entry(_ name: String) throws -> TorchTensors.Entry {
    guard let entry = entries[name] else { throw Failure(.badData, "\(path) has no tensor \(name)") }
    return entry
  }

  /// How to get a file that is read from one that is not; nil where this one may be read.
  private static func refusal(of file: InputFile) -> String? {
    let start = file.beginning(TarHeader.byteCount)
    if start.starts(with: [0x50, 0x4B]) { return nil }
    let convert = "with that Python code: torch.save(torch.load(OLD, map_location=\"cpu\"), NEW)"
    // The number that PyTorch's older files begin with, as a pickle of protocol 2.
    if start.starts(with: [0x80, 2, 0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20]) {
      return "is a file of PyTorch in the form before 1.6, which is not read: convert it \(convert)"
    }
    if start.first == 0x80 { return "is a pickle without tensors' numbers: convert what it holds \(convert)" }
    if (try? TarHeader(start)) != nil {
      return "is a tar archive: unpack it, or, if PyTorch wrote it, convert it \(convert)"
    }
    if start.starts(with: "version https://git-lfs".utf8) {
      return "is only Git LFS's reference to the file: fetch it with git lfs pull"
    }
    return Compression.remedy(start)
      ?? "is no file of PyTorch's, safetensors or ONNX: it has \(file.bytes) bytes, is the download complete?"
  }
}
