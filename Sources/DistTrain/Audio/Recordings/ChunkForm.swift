/// The form of files that are a row of chunks, each with a name, a length and so many bytes.
struct ChunkForm {
  /// The name of the chunk of the samples, of which later bytes of long names are not looked at.
  var samples = "data"
  /// The place of the first chunk.
  var first = 12
  /// The bytes of a chunk's name and of its length.
  var nameBytes = 4
  var lengthBytes = 4
  var isBigEndian = false
  /// Chunks begin at multiples of so many bytes.
  var alignment = 2
  /// Whether a length counts the name and the length too.
  var countsHeader = false

  static let riff = ChunkForm()
  static let rifx = ChunkForm(isBigEndian: true)
  static let aiff = ChunkForm(samples: "SSND", isBigEndian: true)
  static let wave64 = ChunkForm(first: 40, nameBytes: 16, lengthBytes: 8, alignment: 8, countsHeader: true)
  static let caf = ChunkForm(first: 8, lengthBytes: 8, isBigEndian: true, alignment: 1)

  struct Chunk {
    /// The first four bytes of the name.
    let name: [UInt8]
    /// The place of the bytes behind the name and the length.
    let start: Int
    /// The number of bytes as the chunk says it, and of more than any file has the largest number.
    let count: Int

    func isNamed(_ text: String) -> Bool { name.elementsEqual(text.utf8) }
  }

  /// The chunk at a place; nil where the file ends before it says its length.
  func chunk(at offset: Int, in file: RecordingBytes) -> Chunk? {
    let bytes = nameBytes + lengthBytes
    let header = file.read(at: offset, count: bytes)
    guard header.count == bytes else { return nil }
    let length = isBigEndian ? header[nameBytes...].bigEndian : header[nameBytes...].littleEndian
    let count = Int(clamping: length)
    return Chunk(
      name: Array(header[..<4]), start: offset + bytes, count: countsHeader ? max(0, count - bytes) : count)
  }

  /// The place of the chunk after one; nil where the file ends before.
  func place(after chunk: Chunk, in file: RecordingBytes) -> Int? {
    guard chunk.count <= file.size - chunk.start else { return nil }
    let end = aligned(chunk.start + chunk.count)
    return end < file.size ? end : nil
  }

  /// The first place from `offset` on at which a chunk may begin.
  func aligned(_ offset: Int) -> Int { (offset + alignment - 1) / alignment * alignment }

  /// A file of holes has millions of empty chunks; recordings have tens.
  static let mostChunks = 10_000

  /// Finds the first chunk of a name; nil where there is none.
  /// - Throws: `Failure(.badData)` for a file with more chunks than any recording has.
  func find(_ name: String, in file: RecordingBytes) throws(Failure) -> Chunk? {
    var offset = first
    for _ in 0..<Self.mostChunks {
      guard let chunk = chunk(at: offset, in: file) else { return nil }
      if chunk.isNamed(name) { return chunk }
      guard let next = place(after: chunk, in: file) else { return nil }
      offset = next
    }
    throw AudioFile.unusable(
      file.path, "is no recording: its first \(Self.mostChunks) chunks hold no samples; copy or convert it again")
  }

  /// The chunks that follow each other from a place on.
  /// - Returns: their end, which is that of what is no chunk, or of the file; and whether one of them has samples again.
  func followers(from offset: Int, in file: RecordingBytes) -> (end: Int, haveSamples: Bool) {
    var offset = offset
    var haveSamples = false
    for _ in 0..<Self.mostChunks {
      // Some writers leave out the byte that makes a length even.
      guard let chunk = [aligned(offset), offset].lazy.compactMap({ follower(at: $0, in: file) }).first else { break }
      haveSamples = haveSamples || (chunk.isNamed(samples) && chunk.count > 0)
      guard chunk.count <= file.size - chunk.start else { return (file.size, haveSamples) }
      offset = chunk.start + chunk.count
    }
    return (min(aligned(offset), file.size), haveSamples)
  }

  /// The chunk at a place behind the samples; nil for other bytes. Their names are words: that of a chunk that is cut
  /// short has letters alone.
  private func follower(at offset: Int, in file: RecordingBytes) -> Chunk? {
    guard let chunk = chunk(at: offset, in: file), !AudioContainer.begins(in: file, at: offset) else { return nil }
    let isWhole = chunk.count <= file.size - chunk.start
    let isWord = chunk.name.allSatisfy { byte in
      isWhole ? (0x20..<0x7F).contains(byte) : (0x41...0x5A).contains(byte & 0xDF)
    }
    return isWord ? chunk : nil
  }
}
