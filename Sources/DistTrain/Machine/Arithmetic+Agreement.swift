extension Arithmetic {
  /// Makes sure that all ranks compute alike: each applies the same gradients to parameters of its own. All ranks call this
  /// together.
  /// - Throws: `AgreedFailure` that names the first rank which does not, and what it computes with.
  package func agree(_ communicator: any Communicator) throws {
    let all = communicator.gather(
      checksums.sorted { $0.key < $1.key }.map { "\($0.key)\t\($0.value)" }.joined(separator: "\n"))
    try communicator.demandSame(all) { first, other in
      "computes otherwise than rank 0 on \(communicator.hosts[0]) (\(Self.difference(first, other))): run all ranks with "
        + "the same system libraries, as from one container image"
    }
  }

  private static func difference(_ first: String, _ other: String) -> String {
    zip(first.split(separator: "\n"), other.split(separator: "\n")).filter { $0 != $1 }
      .map { String($0.0.prefix { $0 != "\t" }) }.joined(separator: ", ")
  }
}
