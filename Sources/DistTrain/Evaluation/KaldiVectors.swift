import Foundation

/// Reads Kaldi's archives of vectors, binary (float or double) or text, and the scripts that point into them.
enum KaldiVectors {
  /// The bytes before the size of a binary vector of floats: the mark of binary data, the type, and the number of bytes
  /// of the size.
  static let binaryFloats: [UInt8] = [0, UInt8(ascii: "B")] + Array("FV ".utf8) + [4]
  private static let binaryDoubles: [UInt8] = [0, UInt8(ascii: "B")] + Array("DV ".utf8) + [4]

  /// Reads an archive: an utterance and its vector, one after the other.
  /// - Throws: `Failure(.badData)` for an archive that is malformed or empty, or whose vectors have different
  ///   dimensions.
  static func readArchive(_ path: String, encoder: String? = nil) throws -> Embeddings {
    var reader = Reader(path: path, bytes: try InputFile.contents(of: path))
    guard reader.isBinary else { return try readLines(reader.bytes, encoder, path: path) }
    var names: [String] = []
    var vectors: [[Float]] = []
    while let name = try reader.name() {
      names.append(name)
      vectors.append(try reader.vector(of: name))
    }
    return try embeddings(names, vectors, encoder, path: path)
  }

  /// Reads an archive of text: lines of an utterance and the numbers of its vector in brackets.
  private static func readLines(_ bytes: [UInt8], _ encoder: String?, path: String) throws -> Embeddings {
    var names: [String] = []
    var vectors: [[Float]] = []
    for line in try TextLines.of(bytes, path: path) {
      let fields = line.fields
      guard let vector = numbers(fields.dropFirst()) else {
        throw Failure(.badData, "\(path):\(line.number): \(expected) after \(fields[0])")
      }
      names.append(fields[0])
      vectors.append(vector)
    }
    return try embeddings(names, vectors, encoder, path: path)
  }

  private static let expected = "expected '[ number … ]'"

  /// The numbers between the brackets that are the first and the last field; nil where the fields are something else.
  private static func numbers(_ fields: ArraySlice<String>) -> [Float]? {
    let values = fields.dropFirst().dropLast().map { Float($0) }
    guard fields.count >= 2, fields.first == "[", fields.last == "]", values.allSatisfy({ $0 != nil }) else {
      return nil
    }
    return values.compactMap(\.self)
  }

  /// Whether bytes begin as an archive does: with a name, and a binary vector or a number in brackets.
  static func isArchive(beginningWith bytes: [UInt8]) -> Bool {
    let mark = LineReader.byteOrderMark
    let text = bytes.dropFirst(bytes.starts(with: mark) ? mark.count : 0).drop {
      LineReader.isBlank($0) || $0 == UInt8(ascii: "\n")
    }
    let name = text.prefix { !LineReader.isBlank($0) && $0 != UInt8(ascii: "\n") }
    let vector = text.dropFirst(name.count).drop(while: LineReader.isBlank)
    if vector.starts(with: binaryFloats) || vector.starts(with: binaryDoubles) { return true }
    guard vector.first == UInt8(ascii: "[") else { return false }
    let number = vector.dropFirst().drop(while: LineReader.isBlank).prefix { $0 > UInt8(ascii: " ") }
    return Float(String(decoding: number, as: UTF8.self)) != nil
  }

  /// Reads the vectors that the lines `utterance archive:offset` of a script point to. An archive's path is tried in
  /// the script's folder, then in the working directory.
  /// - Throws: `Failure(.badData)` with the line that is malformed or whose vector cannot be read.
  static func readScript(_ path: String) throws -> Embeddings {
    var readers: [Name: Reader] = [:]
    var names: [String] = []
    var vectors: [[Float]] = []
    for line in try TextLines.read(path) {
      let place = "\(path), line \(line.number)"
      guard let (name, archive, offset) = parts(of: line.text, beside: path) else {
        throw Failure(.badData, "\(place): expected 'utterance archive:offset', not '\(line.text.prefix(80))'")
      }
      names.append(name)
      do {
        var reader = try readers[Name(archive)] ?? Reader(path: archive, bytes: try InputFile.contents(of: archive))
        readers[Name(archive)] = reader
        reader.offset = offset
        vectors.append(try reader.vector(of: names[names.count - 1]))
      } catch let failure as Failure {
        throw Failure(failure.kind, "\(place): \(failure.message)")
      }
    }
    let encoder = try EncoderMark.encoder(of: readers.keys.map(\.text).sorted(), listedIn: path)
    return try embeddings(names, vectors, encoder, path: path)
  }

  /// The script of an archive.
  static func script(of archive: String) -> String { (archive as NSString).deletingPathExtension + ".scp" }

  /// The lists that Kaldi's data directories have of something else than embeddings.
  private static let lists: Set = ["wav.scp", "feats.scp", "cmvn.scp", "vad.scp"]

  /// Checks that the script of an archive to be written would replace none but such a script, or an empty file.
  /// - Throws: `Failure(.usage)` that names the file in its place, such as a data directory's list.
  static func checkScript(of archive: String) throws {
    // The script has the archive's absolute path.
    try WorkingFolder.check(for: archive)
    let path = script(of: archive)
    guard !lists.contains(FileSystem.name(of: path)) else {
      throw Failure(
        .usage,
        "\(archive): the list of its embeddings would be \(path), which Kaldi has for other things: "
          + "choose another name")
    }
    var line = try firstLine(path)
    while let tried = line, !tried.isEmpty, !isScript(path, beginningWith: tried, of: archive) {
      // Another writer may have changed both since.
      line = try firstLine(path)
      guard line != tried else {
        throw Failure(
          .usage,
          "\(archive): \(path), which would list its embeddings, is there and does not list those of such an archive: "
            + "choose another name, or remove it")
      }
    }
  }

  /// The first line of a file; nil where there is none, which another writer may have taken away for a moment.
  private static func firstLine(_ path: String) throws -> [UInt8]? {
    do {
      let file = try InputFile(path: path)
      let bytes = try file.read(at: 0, count: min(file.bytes, 1 << 16))
      return Array(bytes.prefix { $0 != UInt8(ascii: "\n") })
    } catch {
      guard FileSystem.exists(path) else { return nil }
      throw error
    }
  }

  /// Whether a line points at a binary vector in an archive of that name. Where the folder was moved, it is beside the
  /// script.
  private static func isScript(_ path: String, beginningWith line: [UInt8], of archive: String) -> Bool {
    guard let text = String(validating: line, as: UTF8.self), let listed = parts(of: text, beside: path),
      FileSystem.name(of: listed.archive).utf8.elementsEqual(FileSystem.name(of: archive).utf8),
      let file = try? InputFile(path: FileSystem.exists(listed.archive) ? listed.archive : archive),
      let bytes = try? file.read(at: listed.offset, count: binaryFloats.count)
    else { return false }
    return bytes == binaryFloats || bytes == binaryDoubles
  }

  /// The utterance, the archive and the offset on a line of a script.
  private static func parts(of line: String, beside script: String) -> (name: String, archive: String, offset: Int)? {
    let fields = line.utf8.split(maxSplits: 1, whereSeparator: LineReader.isBlank)
    guard fields.count == 2, let colon = fields[1].lastIndex(of: UInt8(ascii: ":")),
      let offset = Int(Substring(fields[1][fields[1].index(after: colon)...])), offset >= 0
    else { return nil }
    let archive = fields[1][..<colon].drop(while: LineReader.isBlank)
    return (String(Substring(fields[0])), resolve(String(Substring(archive)), beside: script), offset)
  }

  private static func resolve(_ archive: String, beside script: String) -> String {
    if archive.begins(with: "/") { return archive }
    let beside = FileSystem.folder(of: script) + "/" + archive
    return FileSystem.exists(beside) ? beside : archive
  }

  private static func embeddings(
    _ names: [String], _ vectors: [[Float]], _ encoder: String?, path: String
  ) throws -> Embeddings {
    guard let columns = vectors.first?.count else { throw Failure(.badData, "\(path) has no embeddings") }
    guard columns > 0 else { throw Failure(.badData, "\(path): the embedding of \(names[0]) has no numbers") }
    if let odd = vectors.firstIndex(where: { $0.count != columns }) {
      throw Failure(
        .badData,
        "\(path): the embedding of \(names[odd]) has \(vectors[odd].count.counted("dimension")), the first has "
          + "\(columns)")
    }
    do {
      return try Embeddings(
        names: names, vectors: Matrix(rows: names.count, columns: columns, vectors.flatMap(\.self)), encoder: encoder)
    } catch let failure as Failure {
      throw Failure(.badData, "\(path): \(failure.message)")
    }
  }

  private struct Reader {
    let path: String
    let bytes: [UInt8]
    var offset = 0

    init(path: String, bytes: [UInt8]) {
      self.path = path
      self.bytes = bytes
    }

    /// Whether the vector of the first utterance is binary.
    var isBinary: Bool {
      guard let blank = bytes.firstIndex(of: UInt8(ascii: " ")) else { return false }
      return bytes[blank...].dropFirst().starts(with: [0, UInt8(ascii: "B")])
    }

    /// Reads the name of the next utterance and the blank after it; nil at the end.
    mutating func name() throws -> String? {
      while offset < bytes.count, bytes[offset] == UInt8(ascii: "\n") { offset += 1 }
      guard offset < bytes.count else { return nil }
      guard let blank = bytes[offset...].firstIndex(of: UInt8(ascii: " ")), blank > offset else {
        throw Failure(.badData, "\(path), byte \(offset): expected an utterance and a blank")
      }
      defer { offset = blank + 1 }
      return String(decoding: bytes[offset..<blank], as: UTF8.self)
    }

    mutating func vector(of name: String) throws -> [Float] {
      bytes.dropFirst(offset).starts(with: [0, UInt8(ascii: "B")]) ? try binary(of: name) : try text(of: name)
    }

    private mutating func binary(of name: String) throws -> [Float] {
      let header = bytes.dropFirst(offset).prefix(Self.headerLength)
      let type = String(decoding: header.dropFirst(2).prefix(3), as: UTF8.self)
      guard header.count == Self.headerLength, type == "FV " || type == "DV ", header[offset + 5] == 4 else {
        throw Failure(.badData, "\(path): \(name) is not a vector of floats")
      }
      let count = Int(Int32(truncatingIfNeeded: header.suffix(4).reversed().reduce(0) { $0 << 8 | Int($1) }))
      let size = type == "FV " ? 4 : 8
      let start = offset + Self.headerLength
      guard count >= 0, count * size <= bytes.count - start else {
        throw Failure(.badData, "\(path) ends inside the vector of \(name)")
      }
      offset = start + count * size
      return bytes.withUnsafeBytes { bytes in
        (0..<count).map { index in
          let place = start + index * size
          return size == 4
            ? Float(bitPattern: UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: place, as: UInt32.self)))
            : Float(
              Double(bitPattern: UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self))))
        }
      }
    }

    private static let headerLength = binaryFloats.count + 4

    private mutating func text(of name: String) throws -> [Float] {
      let end = bytes.dropFirst(offset).firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
      guard offset <= end else { throw Failure(.badData, "\(path) ends before the vector of \(name)") }
      let fields = bytes[offset..<end].split { $0 <= UInt8(ascii: " ") }.map { String(decoding: $0, as: UTF8.self) }
      offset = end
      guard let vector = KaldiVectors.numbers(fields[...]) else {
        throw Failure(.badData, "\(path): \(KaldiVectors.expected) after \(name)")
      }
      return vector
    }
  }
}
