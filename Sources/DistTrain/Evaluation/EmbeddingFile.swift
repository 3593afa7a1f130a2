import Foundation

/// Files of embeddings. The suffix decides the format: `.ark` (Kaldi's binary vectors, with an `.scp` beside it),
/// `.txt` (Kaldi's text) or `.safetensors` (one tensor `embeddings`, utterances × dimensions, with their names as a
/// JSON list under `utterances` in the metadata). An `.scp` can be read too. Which encoder made them is under
/// `svdist.encoder` in the metadata, and beside Kaldi's files in an `EncoderMark`.
package enum EmbeddingFile {
  /// Checks, before embeddings are computed, that they can be written to a path.
  /// - Throws: `Failure(.usage)` for an unknown suffix, a folder that does not exist, a folder in the place of one of
  ///   the files, and something else than what they hold in their place or that of the files beside them.
  package static func check(_ path: String) throws {
    let format = try Format(path: path)
    if format == .script {
      throw Failure(.usage, "\(path): name the .ark to write; the .scp is written beside it")
    }
    try AtomicFile.check(places(of: path), for: "embeddings") { holdsEmbeddings($0, format) }
    if format == .archive { try KaldiVectors.checkScript(of: path) }
    if format != .safetensors { try EncoderMark.check(of: path) }
  }

  /// All files that are written for embeddings in a file of that name, which is the first of them.
  /// - Throws: `Failure(.usage)` for an unknown suffix.
  package static func places(of path: String) throws -> [String] {
    let format = try Format(path: path)
    let script = format == .archive ? [KaldiVectors.script(of: path)] : []
    return [path] + script + (format == .safetensors ? [] : [EncoderMark.path(of: path)])
  }

  private static func holdsEmbeddings(_ file: InputFile, _ format: Format) -> Bool {
    guard format == .safetensors else { return KaldiVectors.isArchive(beginningWith: file.beginning(1 << 16)) }
    guard let tensors = try? SafetensorsFile(path: file.path) else { return false }
    return tensors.contains("embeddings") && tensors.metadata["utterances"] != nil
  }

  /// Writes embeddings to a file, which appears whole or not at all.
  /// - Parameter metadata: further entries of the metadata of a `.safetensors` file.
  /// - Throws: `Failure(.badData)` where an embedding is not finite, `Failure(.usage)` for an unknown suffix.
  package static func write(_ embeddings: Embeddings, metadata: [String: String] = [:], to path: String) throws {
    try embeddings.checkFinite()
    switch try Format(path: path) {
    case .safetensors: try writeSafetensors(embeddings, metadata: metadata, to: path)
    case .text: try writeText(embeddings, to: path)
    case .archive:
      try KaldiVectors.checkScript(of: path)
      try writeArchive(embeddings, to: path)
    case .script: try check(path)
    }
  }

  /// Reads a file of embeddings.
  /// - Throws: `Failure(.badData)` with the file and the utterance or line; `Failure(.usage)` for an unknown suffix.
  package static func read(_ path: String) throws -> Embeddings {
    let embeddings =
      switch try Format(path: path) {
      case .safetensors: try readSafetensors(path)
      case .text, .archive: try KaldiVectors.readArchive(path, encoder: EncoderMark.encoder(of: path))
      case .script: try KaldiVectors.readScript(path)
      }
    if let name = embeddings.firstOfZeros {
      throw Failure(
        .badData, "\(path): the embedding of \(name) is zeros alone, which are of no speaker: embed it anew")
    }
    return embeddings
  }

  private enum Format {
    case safetensors, text, archive, script

    init(path: String) throws {
      switch (path as NSString).pathExtension {
      case "safetensors": self = .safetensors
      case "txt": self = .text
      case "ark": self = .archive
      case "scp": self = .script
      default: throw Failure(.usage, "\(path): embeddings are kept in .ark, .txt or .safetensors files")
      }
    }
  }
}

extension EmbeddingFile {
  /// The key of the encoder's identity in the metadata of a `.safetensors` file. Other programs may have an `encoder`
  /// there.
  private static let encoderKey = "svdist.encoder"

  private static func writeSafetensors(_ embeddings: Embeddings, metadata: [String: String], to path: String) throws {
    var metadata = metadata
    metadata[encoderKey] = embeddings.encoder
    metadata["utterances"] = "[" + embeddings.names.map(JSONText.quoted).joined(separator: ",") + "]"
    try SafetensorsFile.write(
      [NamedTensor(name: "embeddings", matrix: embeddings.vectors)], metadata: metadata, to: path)
  }

  private static func readSafetensors(_ path: String) throws -> Embeddings {
    let file = try SafetensorsFile(path: path)
    let shape = try file.shape(of: "embeddings")
    guard shape.count == 2, let json = file.metadata["utterances"],
      let names = try? JSONDecoder().decode([String].self, from: Data(json.utf8)), names.count == shape[0],
      !shape.contains(0)
    else {
      throw Failure(
        .badData,
        "\(path): expected a matrix 'embeddings' that is not empty, and as many names in the metadata's 'utterances'")
    }
    let vectors = Matrix(rows: shape[0], columns: shape[1])
    try file.read("embeddings", into: vectors.elements)
    return try Embeddings(names: names, vectors: vectors, encoder: file.metadata[encoderKey])
  }

  private static func writeText(_ embeddings: Embeddings, to path: String) throws {
    try install(embeddings, at: path) { file in
      for (row, name) in embeddings.names.enumerated() {
        let values = (0..<embeddings.vectors.columns).map { "\(embeddings.vectors[row, $0])" }
        try file.write("\(name)  [ \(values.joined(separator: " ")) ]\n")
      }
    }
  }

  private static func writeArchive(_ embeddings: Embeddings, to path: String) throws {
    let columns = embeddings.vectors.columns
    let place = URL(fileURLWithPath: path).standardizedFileURL.path
    var script = ""
    func list() -> String { script }
    try install(embeddings, at: path, script: list) { file in
      var offset = 0
      for (row, name) in embeddings.names.enumerated() {
        let start = Array("\(name) ".utf8)
        let size = (0..<4).map { UInt8(truncatingIfNeeded: columns >> (8 * $0)) }
        try file.write(start + KaldiVectors.binaryFloats + size)
        try file.write(UnsafeRawBufferPointer(UnsafeBufferPointer(start: embeddings.vectors.row(row), count: columns)))
        script += "\(name) \(place):\(offset + start.count)\n"
        offset += start.count + KaldiVectors.binaryFloats.count + 4 + 4 * columns
      }
    }
  }

  /// Writes a file in Kaldi's form, with the mark of its encoder and its script, which change with it.
  /// - Parameter script: the text of the script, once the file is written; nil for a format that has none.
  private static func install(
    _ embeddings: Embeddings, at path: String, script: (() -> String)? = nil, _ body: (OutputFile) throws -> Void
  ) throws {
    if FileSystem.isDevice(path) {
      try AtomicFile.write(to: path, body)
      return
    }
    var files = [try AtomicFile.stage(path, body)]
    do {
      if let encoder = embeddings.encoder {
        files.append(try EncoderMark(encoder: encoder, embeddings: files[0].digest).stage(of: path))
      }
      if let text = script?() {
        files.append(try AtomicFile.stage(KaldiVectors.script(of: path)) { try $0.write(text) })
      }
    } catch {
      for file in files { file.discard() }
      throw error
    }
    try StagedFile.install(together: files)
  }
}
