/// What a rank's steps will take of memory, beside what its host has left.
package struct MemoryOutlook: Codable, Sendable {
  /// Bytes that the process holds now.
  package var held: Int
  /// Bytes that it will take beyond those.
  package var ahead: Int
  /// Bytes that the host, or the process's control group, has left; nil where nothing says so.
  package var left: Int?

  package init(held: Int, ahead: Int, left: Int?) {
    self.held = held
    self.ahead = ahead
    self.left = left
  }

  /// This process's.
  /// - Parameter root: the folder that holds proc and sys.
  package init(ahead: Int, root: String = "") {
    let read = { KernelFile.text(root + $0) }
    let group = ControlGroup(read: read)
    let available = read("/proc/meminfo").flatMap { Self.bytes("MemAvailable:", in: $0) }
    self.init(
      held: read("/proc/self/status").flatMap { Self.bytes("VmRSS:", in: $0) } ?? 0, ahead: ahead,
      left: [available, group.memoryLeft].compactMap(\.self).min())
  }

  /// A line of the kernel's tables in kB.
  private static func bytes(_ name: String, in text: String) -> Int? {
    let line = text.split(separator: "\n").first { $0.hasPrefix(name) }
    return line?.split(separator: " ").dropFirst().first.flatMap { Int($0) }.map { $0 << 10 }
  }

  /// `1.34 GB of memory for each rank`, the largest where they differ.
  package static func summary(_ ranks: [MemoryOutlook]) -> String {
    "about \(gigabytes(ranks.map { $0.held + $0.ahead }.max() ?? 0)) of memory for each rank"
  }

  /// The hosts whose ranks will want more than there is, a line each.
  /// - Parameters:
  ///   - ranks: of all ranks.
  ///   - hosts: each rank's.
  package static func warnings(_ ranks: [MemoryOutlook], hosts: [String]) -> [String] {
    hosts.distinct.compactMap { name in
      let own = zip(ranks, hosts).filter { $0.1 == name }.map(\.0)
      let ahead = own.reduce(0) { $0 + $1.ahead }
      guard let left = own.compactMap(\.left).min(), ahead > left else { return nil }
      let count = "\(own.count) \(own.count == 1 ? "rank" : "ranks")"
      return
        "\(count) on \(name) will take about \(gigabytes(ahead)) more of memory, where \(gigabytes(left)) are left: start "
        + "fewer ranks there, or choose a smaller batch or crop.seconds"
    }
  }

  private static func gigabytes(_ bytes: Int) -> String {
    let hundredths = Int((Double(bytes) / 1e7).rounded())
    let digits = "\(hundredths % 100)"
    return "\(hundredths / 100).\(digits.count == 1 ? "0" : "")\(digits) GB"
  }
}
