/// The contents of a data directory's lists, described by sizes and a checksum, which tell whether a run goes on with
/// the corpus that it began with. Utterances of damaged shards count too, because a corpus that lost a shard is still
/// the same corpus.
package struct CorpusContents: Sendable, Equatable, CustomStringConvertible {
  package let utterances: Int
  package let speakers: Int
  /// A checksum of the ids, speakers, times and channels of at most two thousand utterances, spread over the lists.
  let checksum: Checksum

  /// - Parameter listsLengths: whether the lists tell all lengths. Lengths that were measured do not count, because a
  ///   corpus that lost a recording is still the same corpus.
  init(_ table: CorpusTable, listsLengths: Bool = true) {
    utterances = table.sizes.utterances
    speakers = table.sizes.speakers
    var checksum = Checksum()
    for place in stride(from: 0, to: utterances, by: max(1, utterances / 1000)) {
      let speaker = table.names[Int(table.speakers[place])].text
      let length = listsLengths ? " \(table.seconds[place])" : ""
      let channel = table.channel(place).map { " channel \($0)" } ?? ""
      checksum.add("\(table.ids[place].text) \(speaker) \(table.starts[place])\(length)\(channel)\n".utf8)
    }
    self.checksum = checksum
  }

  package var description: String {
    "\(utterances) utterances of \(speakers) speakers, checksum " + String(checksum.value, radix: 16)
  }
}

/// A checksum of 32 bits that tells whether two ranks or two runs saw the same bytes: FNV-1a (Fowler, Noll and Vo).
struct Checksum: Sendable, Equatable {
  private(set) var value: UInt32 = 0x811C_9DC5

  mutating func add(_ bytes: some Sequence<UInt8>) {
    for byte in bytes { value = (value ^ UInt32(byte)) &* 0x0100_0193 }
  }
}
