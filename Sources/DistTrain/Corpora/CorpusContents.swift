/// What a data directory's lists say, by its size and a checksum: tells whether a run goes on with the corpus that it was
/// begun with. Utterances of damaged shards count too: a shard that is lost makes no other corpus.
package struct CorpusContents: Sendable, Equatable, CustomStringConvertible {
  package let utterances: Int
  package let speakers: Int
  /// Of ids, speakers and times of at most a thousand utterances (FNV-1a).
  private let mark: UInt32

  init(_ table: CorpusTable) {
    utterances = table.sizes.utterances
    speakers = table.sizes.speakers
    var mark: UInt32 = 0x811C_9DC5
    for place in stride(from: 0, to: utterances, by: max(1, utterances / 1000)) {
      let speaker = table.names[Int(table.speakers[place])].text
      for byte in "\(table.ids[place].text) \(speaker) \(table.starts[place]) \(table.seconds[place])\n".utf8 {
        mark = (mark ^ UInt32(byte)) &* 0x0100_0193
      }
    }
    self.mark = mark
  }

  package var description: String {
    "\(utterances) utterances of \(speakers) speakers, checksum " + String(mark, radix: 16)
  }
}
