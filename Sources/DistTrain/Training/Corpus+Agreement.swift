extension Corpus {
  /// Makes sure that all ranks opened the same corpus: hosts may see a file system differently. All ranks call this
  /// together.
  /// - Parameter path: the data directory, for the message.
  /// - Throws: `AgreedFailure` where they did not.
  package func agree(_ path: String, _ communicator: any Communicator) throws {
    let own = [Double(utterances.count), Double(speakers.count), Double(damages.count), Double(mark)]
    let least = communicator.minimum(own)
    let most = communicator.maximum(own)
    try communicator.agree {
      guard least != most else { return }
      throw Failure(
        .badData,
        "\(path): ranks see different corpora, of \(Int(least[0])) to \(Int(most[0])) utterances and "
          + "\(Int(least[2])) to \(Int(most[2])) damaged shards: make every host see the same files"
      )
    }
  }

  /// 32 bits of which utterances and speakers there are and how long they are, by a thousand of them.
  private var mark: UInt32 {
    var mark: UInt32 = 0x811C_9DC5
    func add(_ bytes: some Sequence<UInt8>) { for byte in bytes { mark = (mark ^ UInt32(byte)) &* 0x0100_0193 } }
    for place in stride(from: 0, to: utterances.count, by: max(1, utterances.count / 1000)) {
      let utterance = utterances[place]
      add(utterance.id.utf8)
      add("\(utterance.speaker) \(utterance.start) \(utterance.seconds)".utf8)
    }
    for damage in damages { add(damage.shard.utf8) }
    return mark
  }
}
