/// The memory that a rank's work will take, beside what its host has left.
package struct MemoryOutlook: Codable, Sendable {
  /// The bytes that the process holds already.
  package var held: Int
  /// The bytes that it will take beyond those.
  package var ahead: Int
  /// The bytes that the host, or the process's control group, has left; nil where nothing says so.
  package var left: Int?

  package init(held: Int, ahead: Int, left: Int?) {
    self.held = held
    self.ahead = ahead
    self.left = left
  }

  /// Reads what this process holds and has left.
  /// - Parameters:
  ///   - ahead: the bytes that the process will take beyond those that it holds.
  ///   - root: the folder that holds proc and sys.
  package init(ahead: Int, root: String = "") {
    let held = KernelFile.text(root + "/proc/self/status").flatMap { KernelFile.bytes("VmRSS:", in: $0) }
    self.init(held: held ?? 0, ahead: ahead, left: HostMemory.left(root: root))
  }

  /// A summary such as `about 1.34 GB of memory for each rank`, of the largest rank where they differ.
  package static func summary(_ ranks: [MemoryOutlook]) -> String {
    "about \(gigabytes(ranks.map { $0.held + $0.ahead }.max() ?? 0)) of memory for each rank"
  }

  /// A line for each host whose ranks will want more memory than it has.
  /// - Parameters:
  ///   - ranks: the outlook of each rank.
  ///   - hosts: the name of each rank's host.
  ///   - remedy: the option or setting to choose smaller.
  package static func warnings(_ ranks: [MemoryOutlook], hosts: [String], remedy: String) -> [String] {
    hosts.distinct.compactMap { name in
      let own = zip(ranks, hosts).filter { $0.1 == name }.map(\.0)
      let ahead = own.reduce(0) { $0 + $1.ahead }
      guard let left = own.compactMap(\.left).min(), ahead > left else { return nil }
      let count = own.count.counted("rank")
      return
        "\(count) on \(name) will take about \(gigabytes(ahead)) more of memory, where \(gigabytes(left)) are left: start "
        + "fewer ranks there, or choose \(remedy)"
    }
  }

  private static func gigabytes(_ bytes: Int) -> String { HostMemory.gigabytes(Double(bytes)) }
}
