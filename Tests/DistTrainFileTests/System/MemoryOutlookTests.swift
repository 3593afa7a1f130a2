import DistTrain
import Foundation
import TestTools
import Testing

@Suite struct MemoryOutlookTests {
  private func outlook(_ ahead: Int, left: Int?) -> MemoryOutlook {
    MemoryOutlook(held: 100_000_000, ahead: ahead, left: left)
  }

  @Test func `ranks that together want more than their host has are warned of, by host`() {
    let ranks = [
      outlook(1_500_000_000, left: 4_000_000_000), outlook(1_500_000_000, left: 2_900_000_000),
      outlook(3_000_000_000, left: 3_000_000_000), outlook(1 << 40, left: nil),
    ]
    let warnings = MemoryOutlook.warnings(ranks, hosts: ["a", "a", "b", "c"], remedy: "a smaller batch")
    #expect(warnings.count == 1)
    #expect(
      warnings.first?.hasPrefix("2 ranks on a will take about 3.00 GB more of memory, where 2.90 GB are left: ") == true
    )
    #expect(warnings.first?.hasSuffix(": start fewer ranks there, or choose a smaller batch") == true)
    #expect(MemoryOutlook.summary(Array(ranks.prefix(3))) == "about 3.10 GB of memory for each rank")
  }

  @Test func `what is left is read from the host and from the control group`() throws {
    try withScratchFolder { root in
      func plant(_ path: String, _ text: String) throws {
        let file = URL(fileURLWithPath: root + path)
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try write(text, to: file.path)
      }
      #expect(MemoryOutlook(ahead: 5, root: root).left == nil)
      try plant("/proc/meminfo", "MemTotal:       4000 kB\nMemFree:  1 kB\nMemAvailable:   2000 kB\n")
      try plant("/proc/self/status", "Name:\tsvdist\nVmRSS:\t  30 kB\n")
      let free = MemoryOutlook(ahead: 5, root: root)
      #expect(free.left == 2000 << 10 && free.held == 30 << 10 && free.ahead == 5)
      try plant("/proc/self/cgroup", "0::/job\n")
      try plant("/proc/self/mountinfo", "29 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n")
      try plant("/sys/fs/cgroup/job/memory.max", "1000000\n")
      try plant("/sys/fs/cgroup/job/memory.current", "1000\n")
      #expect(MemoryOutlook(ahead: 5, root: root).left == 999_000)
    }
  }
}
