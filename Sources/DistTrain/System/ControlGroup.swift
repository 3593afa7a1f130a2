/// What the process's control groups leave it of the host's CPUs, by version 1 or 2 of their file system.
package struct ControlGroup: Equatable {
  /// CPUs' worth of time; nil where there is no limit.
  package var quota: Double?
  /// The CPUs it may run on; nil where nothing says so.
  package var cpus: Set<Int>?
  /// Bytes of memory that it may still take, where what files occupy gives way; nil where there is no limit.
  package var memoryLeft: Int?

  /// - Parameters:
  ///   - groups: the text of /proc/self/cgroup.
  ///   - read: the text of a file; nil where there is none.
  package init(groups: String, mounts: [Mount], read: (String) -> String?) {
    for line in groups.split(separator: "\n") {
      let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard fields.count == 3 else { continue }
      let controllers = fields[1].split(separator: ",").map(String.init)
      for mount in mounts where Self.serves(mount, controllers) {
        // The innermost group first. The limits of those around it count too.
        let folders = Self.folders(from: String(fields[2]), mount)
        for folder in folders {
          if let quota = Self.quota(folder, read) { self.quota = min(quota, self.quota ?? quota) }
          if let left = Self.memoryLeft(folder, read) { memoryLeft = min(left, memoryLeft ?? left) }
        }
        if controllers.isEmpty || controllers.contains("cpuset") {
          cpus = folders.compactMap { Self.cpus($0, read) }.first ?? cpus
        }
      }
    }
  }

  /// This process's.
  /// - Parameter read: the text of a file; nil where there is none.
  init(read: (String) -> String?) {
    self.init(
      groups: read("/proc/self/cgroup") ?? "", mounts: Mount.all(read("/proc/self/mountinfo") ?? ""), read: read)
  }

  /// Whether a mount is the tree of these controllers; version 2 has one tree, whose controllers go unnamed.
  private static func serves(_ mount: Mount, _ controllers: [String]) -> Bool {
    if controllers.isEmpty { return mount.type == "cgroup2" }
    let known = ["cpu", "cpuset", "memory"].filter(controllers.contains)
    return mount.type == "cgroup" && known.contains(where: mount.options.contains)
  }

  /// The group's folder and those above it, up to the mount. In a container the group's path may be the host's, which
  /// the mount's root then is a part of.
  private static func folders(from group: String, _ mount: Mount) -> [String] {
    var inside = group.split(separator: "/")
    let root = mount.root.split(separator: "/")
    if inside.starts(with: root) { inside.removeFirst(root.count) } else { inside = [] }
    return (0...inside.count).reversed().map { inside.prefix($0).reduce(mount.point) { "\($0)/\($1)" } }
  }

  private static func quota(_ folder: String, _ read: (String) -> String?) -> Double? {
    let text =
      read(folder + "/cpu.max")
      ?? [read(folder + "/cpu.cfs_quota_us"), read(folder + "/cpu.cfs_period_us")].compactMap(\.self)
      .joined(separator: " ")
    // `max` of version 2 and -1 of version 1 are no limit.
    let numbers = text.split(whereSeparator: \.isWhitespace).map { Double($0) }
    guard numbers.count == 2, let time = numbers[0], let period = numbers[1], time > 0, period > 0,
      // No machine has a million CPUs: beyond it nothing is limited.
      time / period < 1e6
    else { return nil }
    return time / period
  }

  private static func memoryLeft(_ folder: String, _ read: (String) -> String?) -> Int? {
    // `max` of version 2 and the largest number of pages of version 1 are no limit.
    func bytes(_ text: some StringProtocol) -> Int? { Int(text).flatMap { (0..<1 << 60).contains($0) ? $0 : nil } }
    func number(_ names: String...) -> Int? {
      names.compactMap { read(folder + "/" + $0) }.first.flatMap {
        $0.split(whereSeparator: \.isWhitespace).first.flatMap(bytes)
      }
    }
    guard let limit = number("memory.max", "memory.limit_in_bytes"),
      let used = number("memory.current", "memory.usage_in_bytes")
    else { return nil }
    let lines = (read(folder + "/memory.stat") ?? "").split(separator: "\n").map { $0.split(separator: " ") }
    // Version 1 counts the groups inside under names of their own.
    let prefix = lines.contains { $0.first == "total_active_file" } ? "total_" : ""
    let ofFiles = lines.filter {
      [prefix + "active_file", prefix + "inactive_file"].contains($0.first.map(String.init))
    }
    .prefix(2).compactMap { $0.count == 2 ? bytes($0[1]) : nil }.reduce(0, +)
    return max(0, limit - used + ofFiles)
  }

  private static func cpus(_ folder: String, _ read: (String) -> String?) -> Set<Int>? {
    ["cpuset.cpus.effective", "cpuset.effective_cpus", "cpuset.cpus"]
      .compactMap { read(folder + "/" + $0).flatMap(CPUList.parse) }.first { !$0.isEmpty }
  }
}
