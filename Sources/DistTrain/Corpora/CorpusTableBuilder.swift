/// Fills a table whose sizes are known: first the speakers and the paths, then the utterances, each in byte order.
final class CorpusTableBuilder {
  private let whole: CorpusTable
  private var utterances = 0
  private var files = 0
  private var speakers = 0

  init(_ sizes: CorpusTable.Sizes) {
    guard let count = CorpusTable.byteCount(sizes) else { preconditionFailure("no table has \(sizes)") }
    whole = CorpusTable(sizes, block: ByteBlock(count: count))
  }

  func add(speaker name: ByteText) { Self.add(name, to: whole.names, &speakers) }

  func add(path: ByteText) { Self.add(path, to: whole.paths, &files) }

  /// - Parameter channel: the channel of the file that the utterance is heard on; nil for the mean of all channels.
  func add(
    utterance id: ByteText, speaker: Int32, file: Int32, start: Double, seconds: Double, channel: Int? = nil
  ) {
    if let channel {
      if whole.channels.isEmpty { whole.channels = [Int32](repeating: -1, count: whole.sizes.utterances) }
      whole.channels[utterances] = Int32(channel)
    }
    whole.speakers[utterances] = speaker
    whole.files[utterances] = file
    whole.starts[utterances] = start
    whole.seconds[utterances] = seconds
    Self.add(id, to: whole.ids, &utterances)
  }

  /// The finished table.
  /// - Precondition: everything was added.
  func table() -> CorpusTable {
    let sizes = whole.sizes
    precondition(
      utterances == sizes.utterances && files == sizes.files && speakers == sizes.speakers, "the table is not full")
    for speaker in whole.speakers { whole.firstMembers[Int(speaker) + 1] += 1 }
    for speaker in 0..<sizes.speakers { whole.firstMembers[speaker + 1] += whole.firstMembers[speaker] }
    var next = Array(whole.firstMembers)
    for (utterance, speaker) in whole.speakers.enumerated() {
      whole.members[Int(next[Int(speaker)])] = Int32(utterance)
      next[Int(speaker)] += 1
    }
    return whole
  }

  private static func add(_ text: ByteText, to column: CorpusTable.TextColumn, _ count: inout Int) {
    let begin = Int(column.begins[count])
    if !text.bytes.isEmpty {
      UnsafeMutableRawBufferPointer(rebasing: column.text[begin..<begin + text.bytes.count]).copyMemory(
        from: text.bytes)
    }
    column.begins[count + 1] = Int64(begin + text.bytes.count)
    count += 1
  }
}
