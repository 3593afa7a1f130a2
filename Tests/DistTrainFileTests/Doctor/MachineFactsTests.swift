import DistTrain
import Foundation
import TestTools
import Testing

@Suite struct MachineFactsTests {
  /// Writes files under a folder that stands for the root of the file system.
  private func plant(_ files: [String: String], in root: String) throws {
    for (path, text) in files {
      let file = URL(fileURLWithPath: root + path)
      try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try write(text, to: file.path)
    }
  }

  @Test func `facts are read from the kernel's files`() throws {
    try withScratchFolder { root in
      try plant(
        [
          "/proc/cpuinfo": ProcessorSamples.intel, "/proc/self/cgroup": "0::/job\n",
          "/proc/self/mountinfo": "29 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
          "/proc/self/status": "Name:\tsvdist\nCpus_allowed:\t03\nCpus_allowed_list:\t0,4\n",
          "/sys/fs/cgroup/job/cpu.max": "300000 100000\n",
          "/sys/fs/cgroup/job/cpuset.cpus.effective": "0-1,4-5\n",
          "/sys/kernel/mm/transparent_hugepage/enabled": "always madvise [never]\n",
        ], in: root)
      let facts = MachineFacts.read(root: root, environment: ["SVDIST_KERNELS": "avx2", "HOME": "/root"])
      #expect(facts.allowed == [0, 4])
      #expect(facts.available == [0, 1, 4, 5])
      #expect(facts.availableCores == 2)
      #expect(facts.quota == 3)
      #expect(facts.hugePages == "never")
      #expect(facts.environment == ["SVDIST_KERNELS": "avx2"])
    }
  }

  @Test func `where nothing can be read nothing is limited and nothing warned of`() throws {
    try withScratchFolder { root in
      let facts = MachineFacts.read(root: root, environment: [:])
      #expect(facts.quota == nil && facts.hugePages == nil && facts.availableCores == 0)
      let job = JobFacts(ranks: [facts, facts], threads: nil)
      #expect(job.threads == [1, 1])
      #expect(job.warnings.isEmpty)
    }
  }

  @Test func `this machine has cores, kernels and a mask within them`() {
    let facts = MachineFacts.here()
    #expect(!facts.cores.isEmpty && !facts.allowed.isEmpty && facts.allowed.isSubset(of: facts.available))
    #expect(!facts.kernels.isEmpty)
  }

  @Test(
    arguments: [
      // 4 ranks that may go anywhere on 8 cores.
      (Array(repeating: Set(0..<8), count: 4), nil, [2, 2, 2, 2]),
      // Two ranks bound to half a host each.
      ([Set(0..<4), Set(4..<8)], nil, [4, 4]),
      // Each on a core of its own, and two on one.
      ([[0], [1]], nil, [1, 1]), ([[0], [0]], nil, [1, 1]),
      // The quota is shared by all.
      (Array(repeating: Set(0..<8), count: 2), 5, [2, 2]), ([Set(0..<8)], 0.5, [1]),
      // Cores that do not divide.
      (Array(repeating: Set(0..<8), count: 3), nil, [2, 2, 2]),
    ] as [([Set<Int>], Double?, [Int])])
  func `threads share the cores of a binding and the quota`(masks: [Set<Int>], quota: Double?, threads: [Int]) {
    #expect(JobFacts(ranks: masks.map { .wide(cores: 8, mask: $0, quota: quota) }, threads: nil).threads == threads)
  }

  @Test func `hardware threads of one core count as one`() {
    var facts = MachineFacts.wide(cores: 4)
    facts.cores = [0: 0, 1: 1, 2: 0, 3: 1]
    #expect(JobFacts(ranks: [facts], threads: nil).threads == [2])
    #expect(JobFacts(ranks: [facts], threads: nil).warnings.isEmpty)
    #expect(JobFacts(ranks: [facts], threads: 4).warnings.map(\.cause) == [.oversubscription])
  }

  @Test func `ranks of two hosts keep their own threads`() {
    var small = MachineFacts.wide(cores: 2)
    small.host = "small"
    let large = MachineFacts.wide(cores: 8)
    let job = JobFacts(ranks: [large, small, large], threads: nil)
    #expect(job.threads == [4, 2, 4])
    #expect(job.hosts.map(\.name) == ["node", "small"])
  }
}
