/// What a data directory's lists say, by its size and a checksum: tells whether a run goes on with the corpus that it was
/// begun with. Utterances of damaged shards count too: a shard that is lost makes no other corpus.
package struct CorpusContents: Sendable, Equatable, CustomStringConvertible {
  package let utterances: Int
  package let speakers: Int
  /// Of ids, speakers and times of at most a thousand utterances.
  let checksum: Checksum

  init(_ table: CorpusTable) {
    utterances = table.sizes.utterances
    speakers = table.sizes.speakers
    var checksum = Checksum()
    for place in stride(from: 0, to: utterances, by: max(1, utterances / 1000)) {
      let speaker = table.names[Int(table.speakers[place])].text
      checksum.add("\(table.ids[place].text) \(speaker) \(table.starts[place]) \(table.seconds[place])\n".utf8)
    }
    self.checksum = checksum
  }

  package var description: String {
    "\(utterances) utterances of \(speakers) speakers, checksum " + String(checksum.value, radix: 16)
  }
}

/// 32 bits of bytes, to tell whether two ranks or two runs saw the same: FNV-1a of Fowler, Noll and Vo.
struct Checksum: Sendable, Equatable {
  private(set) var value: UInt32 = 0x811C_9DC5

  mutating func add(_ bytes: some Sequence<UInt8>) {
    for byte in bytes { value = (value ^ UInt32(byte)) &* 0x0100_0193 }
  }
}
