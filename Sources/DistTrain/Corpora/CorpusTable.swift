import Foundation

/// A corpus as arrays of fixed width over text, without an object for each utterance. It is the same in memory as in
/// its file, so that a file need only be mapped and the ranks of a node share it.
///
/// Little-endian, in this order: a header (`CorpusTableHeader`); of each utterance the length and the start in seconds;
/// where in the text the ids, paths and speakers' names begin; where in `members` each speaker's utterances begin; of
/// each utterance its speaker and its file; the utterances by speakers; the text. Utterances and speakers are in the
/// byte order of their names.
///
/// Unchecked: one thread fills a table before any other has it, and nobody writes to it afterwards.
final class CorpusTable: @unchecked Sendable {
  /// The sizes of all parts.
  struct Sizes: Equatable {
    var utterances = 0
    var files = 0
    var speakers = 0
    var idBytes = 0
    var pathBytes = 0
    var nameBytes = 0
  }

  let sizes: Sizes
  /// The whole table, as it is written to a file.
  let block: ByteBlock
  /// The length of each utterance in seconds.
  let seconds: UnsafeMutableBufferPointer<Double>
  /// The beginning of each utterance within its file, in seconds.
  let starts: UnsafeMutableBufferPointer<Double>
  /// The position of each utterance's speaker.
  let speakers: UnsafeMutableBufferPointer<Int32>
  /// The position of each utterance's file.
  let files: UnsafeMutableBufferPointer<Int32>
  /// The utterances by speaker: speaker s has `members[firstMembers[s] ..< firstMembers[s + 1]]`, ascending.
  let members: UnsafeMutableBufferPointer<Int32>
  let firstMembers: UnsafeMutableBufferPointer<Int64>
  let ids: TextColumn
  let paths: TextColumn
  let names: TextColumn
  /// The channel of its file that each utterance is heard on, counted from 0, or −1 for the mean of all channels; empty
  /// where no list names a channel. The file of a table has none: `svdist prepare` writes no lists that name channels.
  var channels: [Int32] = []

  /// A column of texts, which lie one after the other.
  struct TextColumn {
    /// The offset in `text` at which each one begins, and the offset at which the last one ends.
    let begins: UnsafeMutableBufferPointer<Int64>
    let text: UnsafeMutableRawBufferPointer

    /// The text at a position. It is empty or another one where the table's file was cut meanwhile, which
    /// `ByteBlock.checkWhole` tells.
    subscript(index: Int) -> ByteText {
      let begin = min(max(0, Int(begins[index])), text.count)
      let end = min(max(begin, Int(begins[index + 1])), text.count)
      return ByteText(UnsafeRawBufferPointer(rebasing: text[begin..<end]))
    }
  }

  /// Lays a table over a block of bytes.
  /// - Precondition: the block has `byteCount(sizes)` bytes.
  init(_ sizes: Sizes, block: ByteBlock) {
    self.sizes = sizes
    self.block = block
    var offset = CorpusTableHeader.byteCount
    func take(_ count: Int) -> UnsafeMutableRawBufferPointer {
      defer { offset += count }
      return UnsafeMutableRawBufferPointer(rebasing: block.bytes[offset..<offset + count])
    }
    seconds = take(8 * sizes.utterances).bindMemory(to: Double.self)
    starts = take(8 * sizes.utterances).bindMemory(to: Double.self)
    let ids = take(8 * (sizes.utterances + 1)).bindMemory(to: Int64.self)
    let paths = take(8 * (sizes.files + 1)).bindMemory(to: Int64.self)
    let names = take(8 * (sizes.speakers + 1)).bindMemory(to: Int64.self)
    firstMembers = take(8 * (sizes.speakers + 1)).bindMemory(to: Int64.self)
    speakers = take(4 * sizes.utterances).bindMemory(to: Int32.self)
    files = take(4 * sizes.utterances).bindMemory(to: Int32.self)
    members = take(4 * sizes.utterances).bindMemory(to: Int32.self)
    self.ids = TextColumn(begins: ids, text: take(sizes.idBytes))
    self.paths = TextColumn(begins: paths, text: take(sizes.pathBytes))
    self.names = TextColumn(begins: names, text: take(sizes.nameBytes))
    precondition(offset == block.bytes.count, "\(block.bytes.count) bytes for a table of \(offset)")
  }

  /// The channel of its file that an utterance is heard on, counted from 0; nil for the mean of all channels.
  func channel(_ utterance: Int) -> Int? {
    channels.isEmpty || channels[utterance] < 0 ? nil : Int(channels[utterance])
  }

  /// The number of bytes of a table, or nil for sizes that no table has.
  static func byteCount(_ sizes: Sizes) -> Int? {
    let counts = [
      sizes.utterances, sizes.files, sizes.speakers, sizes.idBytes, sizes.pathBytes, sizes.nameBytes,
    ]
    guard counts.allSatisfy({ (0..<1 << 40).contains($0) }),
      [sizes.utterances, sizes.files, sizes.speakers].allSatisfy({ $0 < Int(Int32.max) })
    else { return nil }
    let arrays = 36 * sizes.utterances + 8 * sizes.files + 16 * sizes.speakers + 32
    return CorpusTableHeader.byteCount + arrays + sizes.idBytes + sizes.pathBytes + sizes.nameBytes
  }

  /// A fault of a table that was read from a file, because of which an access to it could go astray; nil where there is
  /// none.
  var fault: String? {
    for (column, what) in [(ids, "ids"), (paths, "paths"), (names, "speakers")] {
      let begins = column.begins
      guard begins[0] == 0, begins[begins.count - 1] == column.text.count,
        (1..<begins.count).allSatisfy({ begins[$0 - 1] <= begins[$0] })
      else { return "its \(what) are not in order" }
    }
    let times = 0...AudioFile.longest
    guard seconds.allSatisfy(times.contains), starts.allSatisfy(times.contains) else {
      return "a length or start is no number of seconds that a recording has"
    }
    guard speakers.allSatisfy({ $0 >= 0 && $0 < sizes.speakers }), files.allSatisfy({ $0 >= 0 && $0 < sizes.files })
    else { return "an utterance's speaker or file is not there" }
    guard hasEveryMember else { return "its speakers' utterances are not those of the utterances' speakers" }
    return nil
  }

  /// Whether `members` holds each utterance once, under its own speaker, in ascending order.
  private var hasEveryMember: Bool {
    guard firstMembers[0] == 0, firstMembers[sizes.speakers] == sizes.utterances else { return false }
    return (0..<sizes.speakers).allSatisfy { speaker in
      let (first, end) = (firstMembers[speaker], firstMembers[speaker + 1])
      guard first <= end, end <= sizes.utterances else { return false }
      return (Int(first)..<Int(end)).allSatisfy { place in
        let member = members[place]
        guard member >= 0, member < sizes.utterances, speakers[Int(member)] == speaker else { return false }
        return place == first || members[place - 1] < member
      }
    }
  }
}
