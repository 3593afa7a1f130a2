extension SafetensorsFile {
  /// Writes tensors as F32, in their order, to a file that appears whole or not at all.
  package static func write(_ tensors: [NamedTensor], metadata: [String: String] = [:], to path: String) throws {
    try AtomicFile.write(to: path) { try write(tensors, metadata: metadata, into: $0) }
  }

  /// Writes tensors as F32, in their order, from where they lie in memory, without a copy of the whole.
  /// - Throws: `Failure(.failed)` where the names and metadata are longer than the format allows, or the file cannot be
  ///   written.
  package static func write(_ tensors: [NamedTensor], metadata: [String: String], into file: OutputFile) throws {
    var header = Array(header(tensors, metadata: metadata).utf8)
    // As the format's own writer does, this lets the data begin at a multiple of 8 bytes.
    header += [UInt8](repeating: UInt8(ascii: " "), count: (8 - header.count % 8) % 8)
    guard header.count <= SafetensorsHeader.longest else {
      throw Failure(
        .failed,
        "\(file.path): \(header.count) bytes of names and metadata are more than a safetensors file can hold: embeddings "
          + "of so many utterances go into an .ark")
    }
    try file.write((0..<8).map { UInt8(truncatingIfNeeded: header.count >> (8 * $0)) })
    try file.write(header)
    for tensor in tensors { try tensor.withBytes { try file.write($0) } }
  }

  private static func header(_ tensors: [NamedTensor], metadata: [String: String]) -> String {
    precondition(Set(tensors.map(\.name) + ["__metadata__"]).count == tensors.count + 1, "a tensor's name is taken")
    var members: [String] = []
    if !metadata.isEmpty {
      let strings = metadata.sorted { $0.key < $1.key }.map { JSONText.quoted($0) + ":" + JSONText.quoted($1) }
      members.append("\"__metadata__\":{\(strings.joined(separator: ","))}")
    }
    var offset = 0
    for tensor in tensors {
      let end = offset + tensor.count * MemoryLayout<Float>.size
      let shape = tensor.shape.map(String.init).joined(separator: ",")
      members.append(
        "\(JSONText.quoted(tensor.name)):{\"dtype\":\"F32\",\"shape\":[\(shape)],\"data_offsets\":[\(offset),\(end)]}")
      offset = end
    }
    return "{\(members.joined(separator: ","))}"
  }
}
