extension Communicator {
  /// Makes sure that all ranks run the same program: versions that differ train different models, or talk past each other.
  /// All ranks call this together, before anything else.
  /// - Parameter path: the program's file.
  /// - Throws: `AgreedFailure` where a rank's file has other bytes.
  package func agreeOnProgram(_ path: String = "/proc/self/exe") throws {
    let digests = gather(try agree { try InputFile(path: path).digest() })
    try demandSame(digests) { first, other in
      "runs another svdist (SHA-256 \(other.prefix(12))…) than rank 0 on \(hosts[0]) (\(first.prefix(12))…): install the "
        + "same program on all hosts"
    }
  }

  /// - Parameters:
  ///   - values: of all ranks, the same on every rank.
  ///   - difference: what is wrong, from rank 0's value and the other.
  /// - Throws: `AgreedFailure(.usage)` that names the first rank whose value is not rank 0's.
  func demandSame(_ values: [String], _ difference: (_ first: String, _ other: String) -> String) throws {
    guard let rank = values.indices.first(where: { values[$0] != values[0] }) else { return }
    let others = values.count { $0 != values[0] } - 1
    let more = others > 0 ? " (and \(others) more \(others == 1 ? "rank" : "ranks"))" : ""
    try agree {
      throw Failure(.usage, "rank \(rank) on \(hosts[rank])\(more) \(difference(values[0], values[rank]))")
    }
  }
}
