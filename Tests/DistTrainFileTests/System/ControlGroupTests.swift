import DistTrain
import Testing

@Suite struct ControlGroupTests {
  private static let version2 = "29 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"
  private static let version1 = """
    32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct
    34 31 0:31 /docker/a1 /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset
    35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
    """

  private func group(_ groups: String, _ mounts: String, _ files: [String: String]) -> ControlGroup {
    ControlGroup(groups: groups, mounts: Mount.all(mounts)) { files[$0] }
  }

  @Test func `version 2 gives the smallest quota of the groups around the process and its own CPUs`() {
    let root = "/sys/fs/cgroup"
    let files = [
      "\(root)/slurm/job/cpu.max": "max 100000\n", "\(root)/slurm/cpu.max": "250000 100000\n",
      "\(root)/cpu.max": "400000 100000\n", "\(root)/slurm/job/cpuset.cpus.effective": "4-7\n",
      "\(root)/slurm/cpuset.cpus.effective": "0-63\n",
    ]
    let group = group("0::/slurm/job\n", Self.version2, files)
    #expect(group.quota == 2.5)
    #expect(group.cpus == [4, 5, 6, 7])
  }

  @Test func `version 1 has a tree for each controller, and a container's path is its mount's`() {
    let files = [
      "/sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_quota_us": "150000\n",
      "/sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_period_us": "100000\n",
      "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "-1\n",
      "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n",
      "/sys/fs/cgroup/cpuset/cpuset.cpus": "0,2\n",
    ]
    let group = group("5:cpuset:/docker/a1\n4:cpu,cpuacct:/job\n8:memory:/x\n0::/\n", Self.version1, files)
    #expect(group.quota == 1.5)
    #expect(group.cpus == [0, 2])
  }

  @Test func `memory left is the least of the groups around the process, where what files occupy gives way`() {
    let root = "/sys/fs/cgroup"
    let second = [
      "\(root)/slurm/job/memory.max": "1000000\n", "\(root)/slurm/job/memory.current": "700000\n",
      "\(root)/slurm/job/memory.stat": "anon 400000\nactive_file 100000\ninactive_file 50000\nshmem 7\n",
      "\(root)/slurm/memory.max": "max\n", "\(root)/slurm/memory.current": "5\n",
      "\(root)/memory.max": "2000000\n", "\(root)/memory.current": "1100000\n",
    ]
    #expect(group("0::/slurm/job\n", Self.version2, second).memoryLeft == 450_000)
    let first = [
      "\(root)/memory/x/memory.limit_in_bytes": "1000000\n", "\(root)/memory/x/memory.usage_in_bytes": "1100000\n",
      "\(root)/memory/x/memory.stat": "active_file 1\ntotal_active_file 200000\ntotal_inactive_file 50000\n",
      "\(root)/memory/memory.limit_in_bytes": "9223372036854771712\n",
      "\(root)/memory/memory.usage_in_bytes": "7\n",
    ]
    #expect(group("8:memory:/x\n0::/\n", Self.version1, first).memoryLeft == 150_000)
    #expect(group("8:memory:/\n0::/\n", Self.version1, first).memoryLeft == nil)
    #expect(group("0::/\n", Self.version2, ["\(root)/memory.max": "1000\n"]).memoryLeft == nil)
  }

  @Test func `numbers that no machine has are no limits and overflow nothing`() {
    let root = "/sys/fs/cgroup"
    var files = [
      "\(root)/memory.max": "1000", "\(root)/memory.current": "1100",
      "\(root)/memory.stat": "active_file 9223372036854775807\ninactive_file 9223372036854775807\n",
    ]
    #expect(group("0::/\n", Self.version2, files).memoryLeft == 0)
    files["\(root)/memory.current"] = "-9223372036854775808"
    #expect(group("0::/\n", Self.version2, files).memoryLeft == nil)
  }

  @Test(arguments: ["max 100000", "-1 100000", "", "400000", "a b", "0 0", "100000 0", "1 2 3", "1e308 1", "inf inf"])
  func `text that is no quota limits nothing`(text: String) {
    #expect(group("0::/\n", Self.version2, ["/sys/fs/cgroup/cpu.max": text]).quota == nil)
  }

  @Test func `without control groups nothing is known`() {
    #expect(group("", "", [:]) == group("nonsense\n1:2\n", Self.version2, [:]))
    #expect(group("0::/\n", Self.version2, ["/sys/fs/cgroup/cpuset.cpus.effective": "\n"]).cpus == nil)
  }

  @Test func `a path lies on the mount with the longest name, of equal ones the last`() {
    let mounts = Mount.all(
      """
      1 0 8:1 / / rw - ext4 /dev/sda rw
      2 1 0:9 / /data rw,relatime shared:7 master:1 - nfs4 server:/x rw,vers=4.2
      3 1 0:9 / /data\\040two rw - lustre server rw
      4 2 0:9 / /data rw - beegfs server rw
      5 1 0:9 / /short rw -
      malformed
      """)
    #expect(mounts.map(\.type) == ["ext4", "nfs4", "lustre", "beegfs"])
    #expect(Mount.holding("/data/a", in: mounts)?.type == "beegfs")
    #expect(Mount.holding("/data two/a", in: mounts)?.type == "lustre")
    #expect(Mount.holding("/database", in: mounts)?.type == "ext4")
    #expect(Mount.holding("/a", in: []) == nil)
  }
}
