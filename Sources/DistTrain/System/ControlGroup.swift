/// The share of the host's CPUs and memory that the process's control groups (version 1 or 2) leave it.
package struct ControlGroup: Equatable {
  /// The limit on CPU time, in CPUs; nil where there is no limit.
  package var quota: Double?
  /// The CPUs that the process may run on; nil where no group says so.
  package var cpus: Set<Int>?
  /// Bytes of memory that the process may still take, counting as free what the page cache of files holds; nil where
  /// there is no limit.
  package var memoryLeft: Int?

  /// Reads the limits of the groups that a process is in.
  /// - Parameters:
  ///   - groups: the text of /proc/self/cgroup.
  ///   - mounts: the mounted file systems.
  ///   - read: gives the text of a file, or nil where there is none.
  package init(groups: String, mounts: [Mount], read: (String) -> String?) {
    for line in groups.split(separator: "\n") {
      let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard fields.count == 3 else { continue }
      let controllers = fields[1].split(separator: ",").map(String.init)
      for mount in mounts where Self.serves(mount, controllers) {
        // The innermost group comes first. The limits of the groups around it count too.
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

  /// Reads the limits of this process.
  /// - Parameter read: gives the text of a file, or nil where there is none.
  init(read: (String) -> String?) {
    self.init(
      groups: read("/proc/self/cgroup") ?? "", mounts: Mount.all(read("/proc/self/mountinfo") ?? ""), read: read)
  }

  /// Whether a mount is the tree of these controllers. Version 2 has one tree, whose controllers are not named.
  private static func serves(_ mount: Mount, _ controllers: [String]) -> Bool {
    if controllers.isEmpty { return mount.type == "cgroup2" }
    let known = ["cpu", "cpuset", "memory"].filter(controllers.contains)
    return mount.type == "cgroup" && known.contains(where: mount.options.contains)
  }

  /// The group's folder and those above it, up to the mount. In a container the group's path may be the host's, of
  /// which the mount's root is then the first part.
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
      // No machine has a million CPUs: a larger quota limits nothing.
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
    // Version 1 counts the groups inside this one under names of their own.
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
