/// The bytes in which the samples of a recording lie by its header. libsndfile says nothing where fewer are there, nor
/// where more are.
struct PromisedSamples {
  /// The way in which a decoder treats the bytes behind the samples.
  enum Rest {
    /// It passes over them: there may be chunks of this form.
    case chunks(ChunkForm)
    /// It passes over them.
    case ignored
    /// It takes them for samples, whatever the header says. There may be parts of this kind, which are none.
    case read(Parts)
  }

  /// Parts of a file that may follow its samples.
  enum Parts {
    case none
    case chunks(ChunkForm)
    /// VOC's blocks: a byte for the kind, from 1 to 9, and three for the length.
    case blocks

    /// Whether a whole one lies at a place.
    func lie(at offset: Int, in file: RecordingBytes) -> Bool {
      switch self {
      case .none: return false
      case .chunks(let form): return form.followers(from: offset, in: file).end > form.aligned(offset)
      case .blocks:
        let block = file.read(at: offset, count: 4)
        guard block.count == 4, (1...9).contains(block[0]) else { return false }
        return Int(block[1...].littleEndian) <= file.size - offset - 4
      }
    }
  }

  let start: Int
  /// The number of bytes; nil where the writer did not know it, as when it wrote to a pipe.
  let count: Int?
  let rest: Rest

  /// - Parameters:
  ///   - unknown: the numbers that writers leave in the header where they do not know the length.
  ///   - available: the bytes from `start` to the end of the file.
  init(start: Int, promised: Int, unknown: [ClosedRange<Int>], available: Int, rest: Rest) {
    self.start = start
    self.rest = rest
    // A file may be as long as such a number after all.
    let isLength = (1...max(1, available)).contains(promised)
    count = !isLength && unknown.contains { $0.contains(promised) } ? nil : promised
  }

  /// The lengths in 32 bits that writers to pipes leave: SoX and others some 2 GB, most all ones.
  static let unknownOf32Bits = [0x7F00_0000...0x8000_1000, 0xFFFF_F000...0xFFFF_FFFF]
  static let unknownOf64Bits = [1 << 61...Int.max]

  /// Checks that the file holds as many bytes as its header says, and none behind that are audio too.
  /// - Throws: `Failure(.badData)` for a file that is truncated, holds several files one after the other, or more audio
  ///   than its header says.
  func check(_ file: RecordingBytes) throws(Failure) {
    guard let count else { return }
    guard count <= file.size - start else {
      throw AudioFile.unusable(
        file.path,
        "is truncated: its header promises \(count) bytes of samples, \(max(0, file.size - start)) are there; "
          + "copy or convert it again")
    }
    let end = start + count
    var rest = end
    if case .chunks(let form) = self.rest {
      let followers = form.followers(from: end, in: file)
      guard !followers.haveSamples else {
        throw AudioFile.unusable(
          file.path,
          "holds its samples in several chunks, of which only one would be read: convert it again from its source")
      }
      rest = followers.end
    }
    // A byte of its own ends VOC's samples, and is left over from others' even lengths.
    if [rest, rest + 1].contains(where: { AudioContainer.begins(in: file, at: $0) }) {
      throw AudioContainer.several(file.path)
    }
    if case .read(let parts) = self.rest {
      guard parts.lie(at: end, in: file) else { return }
      throw AudioFile.unusable(
        file.path,
        "holds more parts behind its samples, which decoders take for sound: convert it again from its source, to WAV "
          + "or FLAC")
    }
    guard !Self.isTag(file, at: rest), !Self.isPadding(file, from: rest) else { return }
    throw AudioFile.unusable(
      file.path,
      "holds more audio than its header says: \(file.size - rest) bytes follow \(count) bytes of samples; "
        + "convert it again from its source")
  }

  /// The largest number of bytes that cannot be audio worth a word: less than a tenth of a second.
  private static let leastAudio = 1024

  /// Whether one of the tags that programs for music append begins at a place.
  private static func isTag(_ file: RecordingBytes, at offset: Int) -> Bool {
    ["TAG", "ID3", "APETAGEX", "LYRICSBEGIN"].contains { file.has($0, at: offset) }
  }

  /// Whether the bytes from a place on are few, or zeros where they begin and where they end: recorders fill files up
  /// to whole blocks of their disks.
  private static func isPadding(_ file: RecordingBytes, from offset: Int) -> Bool {
    guard file.size - offset > leastAudio else { return true }
    let part = 1 << 16
    return [offset, max(offset, file.size - part)].allSatisfy { file.read(at: $0, count: part).allSatisfy { $0 == 0 } }
  }
}
