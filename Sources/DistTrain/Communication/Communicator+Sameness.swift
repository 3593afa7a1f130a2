extension Communicator {
  /// Makes sure that all ranks run the same program, because ranks of different versions would train different models
  /// or misread each other's messages. All ranks call this together, before anything else.
  /// - Parameter path: the program's file.
  /// - Throws: `AgreedFailure` where a rank's file has other bytes.
  package func agreeOnProgram(_ path: String = "/proc/self/exe") throws {
    let digests = gather(try agree { try InputFile(path: path).digest() })
    try demandSame(digests) { first, other in
      "runs another svdist (SHA-256 \(other.prefix(12))…) than rank 0 on \(hosts[0]) (\(first.prefix(12))…): install the "
        + "same program on all hosts"
    }
  }

  /// Makes sure that all ranks have the same value.
  /// - Parameters:
  ///   - values: the values of all ranks, the same list on every rank.
  ///   - difference: says what is wrong, given rank 0's value and the other one.
  /// - Throws: `AgreedFailure` of kind `usage` that names the first rank whose value is not rank 0's.
  func demandSame(_ values: [String], _ difference: (_ first: String, _ other: String) -> String) throws {
    guard let rank = values.indices.first(where: { values[$0] != values[0] }) else { return }
    let others = values.count { $0 != values[0] } - 1
    let more = others > 0 ? " (and \(others) more \(others == 1 ? "rank" : "ranks"))" : ""
    try agree {
      throw Failure(.usage, "rank \(rank) on \(hosts[rank])\(more) \(difference(values[0], values[rank]))")
    }
  }
}
