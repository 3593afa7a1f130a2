extension EncoderChoice {
  /// Opens the encoder that a path means on all ranks. Rank 0 chooses, because a run that goes on may have a newer
  /// checkpoint a moment later; it may also remove one between its choice and its opening, and has a newer one then.
  /// All ranks call this together.
  /// - Parameters:
  ///   - say: is called on rank 0 with lines about the choice.
  ///   - open: opens the file, on each rank.
  /// - Throws: `AgreedFailure`, on all ranks.
  package static func open<Opened>(
    _ path: String, _ communicator: any Communicator, say: (String) -> Void, opening open: (String) throws -> Opened
  ) throws -> Opened {
    func choose(after earlier: String?) throws -> String {
      let file = try communicator.agree {
        guard communicator.rank == 0 else { return "" }
        let choice = try EncoderChoice(path)
        if choice.file != earlier { choice.notes.forEach(say) }
        return choice.file
      }
      return communicator.broadcast(file)
    }
    let first = try choose(after: nil)
    do {
      return try communicator.agree { try open(first) }
    } catch {
      let second = try choose(after: first)
      guard second != first else { throw error }
      return try communicator.agree { try open(second) }
    }
  }
}

extension StoredEncoder {
  /// The encoder that a training starts from, the same on all ranks; nil where the settings name none. All ranks call
  /// this together.
  /// - Parameter say: is called on rank 0 with lines about which checkpoint was taken.
  /// - Throws: `AgreedFailure`, on all ranks, also where ranks read different encoders.
  package static func start(
    of configuration: Configuration, _ communicator: any Communicator, say: (String) -> Void
  ) throws -> StoredEncoder? {
    guard let path = configuration.training.from else { return nil }
    let stored = try EncoderChoice.open(path, communicator, say: say) {
      try StoredEncoder(file: $0, for: configuration)
    }
    try stored.agree(communicator)
    return stored
  }

  /// Makes sure that all ranks read the same encoder, because a file may differ between hosts or change meanwhile. All
  /// ranks call this together.
  /// - Throws: `AgreedFailure` that names the first rank which read another one.
  package func agree(_ communicator: any Communicator) throws {
    let digests = identity + (classifier?.identity ?? "")
    try communicator.demandSame(communicator.gather(digests)) { first, other in
      "read another encoder (\(other.prefix(12))) than rank 0 on \(communicator.hosts[0]) read from \(path) "
        + "(\(first.prefix(12))): give all ranks the same file, which nothing changes"
    }
  }
}
