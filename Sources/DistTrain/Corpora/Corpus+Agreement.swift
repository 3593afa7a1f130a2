extension Corpus {
  /// Makes sure that all ranks opened the same corpus, because hosts may see a file system differently. All ranks call
  /// this together.
  /// - Parameter path: the data directory, for the message.
  /// - Throws: `AgreedFailure` where they did not.
  package func agree(_ path: String, _ communicator: any Communicator) throws {
    let own = [
      Double(utterances.count), Double(speakers.count), Double(damages.count + unmeasured.count), Double(mark),
    ]
    let least = communicator.minimum(own)
    let most = communicator.maximum(own)
    try communicator.agree {
      guard least != most else { return }
      throw Failure(
        .badData,
        "\(path): ranks see different corpora, of \(Int(least[0])) to \(Int(most[0])) utterances and "
          + "\(Int(least[2])) to \(Int(most[2])) damaged shards or recordings: make every host see the same files"
      )
    }
  }

  /// A checksum of the lists' contents, of lengths, and of the names of the damaged shards and of the utterances
  /// without a length.
  private var mark: UInt32 {
    var checksum = contents.checksum
    let count = table.sizes.utterances
    for place in stride(from: 0, to: count, by: max(1, count / 1000)) {
      checksum.add("\(table.seconds[place])\n".utf8)
    }
    for damage in damages { checksum.add(damage.shard.utf8) }
    for fault in unmeasured { checksum.add(fault.utterance.utf8) }
    return checksum.value
  }
}
