import DistTrain
import Testing

/// Facts that make svdist slower are warned of, and nothing else.
@Suite struct MachineWarningTests {
  /// A machine, and the only warning it gives: words of its line and whether it is a costly one. No words: no warning.
  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let ranks: [MachineFacts]
    var threads: Int?
    var cause: MachineWarning.Cause?
    var words: [String] = []
    var isCostly = false
  }

  private static func ranks(_ count: Int, _ facts: MachineFacts) -> [MachineFacts] {
    Array(repeating: facts, count: count)
  }

  private static func kernels(_ name: String, features: Set<String>? = nil, asked: Bool = true) -> MachineFacts {
    .wide(cores: 2).with {
      $0.kernels = name
      if let features { $0.features = features }
      if asked { $0.environment["SVDIST_KERNELS"] = name }
    }
  }

  static let kernels = [
    Case(testDescription: "widest kernels", ranks: ranks(2, .wide(cores: 2))),
    Case(
      testDescription: "AVX2 kernels on a CPU that has no more",
      ranks: ranks(1, kernels("avx2", features: ["sse2", "avx2", "fma"], asked: false))),
    Case(
      testDescription: "the variable asks for what the CPU has",
      ranks: ranks(1, kernels("avx2", features: ["sse2", "avx2", "fma"]))),
    Case(
      testDescription: "AVX2 kernels on AVX-512", ranks: ranks(2, kernels("avx2")), cause: .kernels,
      words: ["SVDIST_KERNELS=avx2", "8 numbers", "16", "unset SVDIST_KERNELS", "half the speed"], isCostly: true),
    Case(
      testDescription: "generic kernels on AVX-512", ranks: ranks(1, kernels("generic")), cause: .kernels,
      words: ["SVDIST_KERNELS=generic", "8 numbers", "half the speed"], isCostly: true),
    Case(
      testDescription: "generic kernels on AVX2",
      ranks: ranks(1, kernels("generic", features: ["sse2", "avx2", "fma"]))),
    Case(
      testDescription: "the variable asks for wider kernels than the CPU has, in vain",
      ranks: ranks(1, .wide(cores: 2).with { $0.environment["SVDIST_KERNELS"] = "avx512" })),
  ]

  static let cores = [
    Case(testDescription: "a thread a core", ranks: ranks(4, .wide(cores: 4)), threads: 1),
    Case(
      testDescription: "twice as many ranks as cores", ranks: ranks(4, .wide(cores: 2)), threads: 1,
      cause: .oversubscription, words: ["4 ranks × 1 thread", "4 threads on 2 cores", "at most 2 ranks"],
      isCostly: true),
    Case(
      testDescription: "a few threads too many", ranks: ranks(2, .wide(cores: 8)), threads: 5,
      cause: .oversubscription, words: ["2 ranks × 5 threads", "10 threads on 8 cores", "--threads 4"]),
    Case(
      testDescription: "all ranks on one core", ranks: ranks(4, .wide(cores: 4, mask: [2])), threads: 1,
      cause: .oversubscription, words: ["4 threads are bound to 1 of 4 cores", "--bind-to none", "--map-by slot:PE=1"],
      isCostly: true),
    Case(
      testDescription: "one rank's threads on one core", ranks: ranks(1, .wide(cores: 4, mask: [2])), threads: 4,
      cause: .oversubscription, words: ["1 rank's 4 threads are bound to 1 of 4 cores", "--map-by slot:PE=4"],
      isCostly: true),
    Case(
      testDescription: "two ranks on one core and two on their own",
      ranks: [[0], [0], [1], [2]].map { .wide(cores: 4, mask: $0) }, threads: 1, cause: .oversubscription,
      words: ["2 ranks' 2 threads are bound to 1 of 4 cores"], isCostly: true),
    Case(
      testDescription: "each rank on a core of its own", ranks: (0..<4).map { .wide(cores: 4, mask: [$0]) },
      threads: 1),
    Case(
      testDescription: "one thread on eight cores", ranks: ranks(1, .wide(cores: 8)), threads: 1, cause: .idleCores,
      words: ["1 rank × 1 thread", "7 of 8 cores idle", "--threads 8", "more ranks"], isCostly: true),
    Case(
      testDescription: "six of eight cores", ranks: ranks(6, .wide(cores: 8)), threads: 1, cause: .idleCores,
      words: ["2 of 8 cores idle", "more ranks"]),
    Case(
      testDescription: "two ranks bound to a core each of eight",
      ranks: [[0], [1]].map { .wide(cores: 8, mask: $0) }, cause: .idleCores,
      words: ["6 of 8 cores idle", "--threads 4 and --bind-to none"], isCostly: true),
    Case(
      testDescription: "the cores that Slurm gave",
      ranks: ranks(2, .wide(cores: 8).with { $0.environment["SLURM_CPUS_ON_NODE"] = "2" }), threads: 1),
    Case(
      testDescription: "a quota below the threads", ranks: ranks(4, .wide(cores: 4, quota: 1.5)), threads: 1,
      cause: .oversubscription, words: ["quota is 1.5 of 4 cores", "cpu.max", "limits.cpu", "at most 1 of the 4"],
      isCostly: true),
    Case(
      testDescription: "a quota that the threads keep to", ranks: ranks(1, .wide(cores: 4, quota: 2)),
      cause: .idleCores, words: ["quota is 2 of 4 cores"]),
    Case(testDescription: "a quota of all cores", ranks: ranks(1, .wide(cores: 4, quota: 4))),
    Case(
      testDescription: "no huge pages", ranks: ranks(1, .wide(cores: 4).with { $0.hugePages = "never" }),
      cause: .memory, words: ["transparent huge pages are off", "madvise"]),
  ]

  @Test(arguments: kernels + cores)
  func `a fact that costs speed gives one line with its remedy`(one: Case) {
    let warnings = JobFacts(ranks: one.ranks, threads: one.threads).warnings
    #expect(warnings.map(\.cause) == [one.cause].compactMap(\.self), "\(warnings)")
    for word in one.words { #expect(warnings.first?.text.contains(word) == true, "\(word): \(warnings)") }
    #expect(warnings.contains(where: \.isCostly) == one.isCostly, "\(warnings)")
    #expect(warnings.allSatisfy { !$0.text.contains("\n") && (0..<1).contains($0.cost) })
  }

  @Test func `a run begins with what is said of kernels and crowded cores alone`() {
    let causes = (Self.kernels + Self.cores).flatMap {
      JobFacts(ranks: $0.ranks, threads: $0.threads).warningsOfRun.map(\.cause)
    }
    #expect(Set(causes) == [.kernels, .oversubscription])
    #expect(causes.count { $0 == .kernels } == 2 && causes.count { $0 == .oversubscription } == 6)
  }

  @Test func `hosts that are alike share a line, and it names them`() {
    let ranks = ["a", "b", "c", "d"].map { name in
      MachineFacts.wide(cores: 1).with {
        $0.host = name
        if name != "c" {
          $0.kernels = "avx2"
          $0.environment["SVDIST_KERNELS"] = "avx2"
        }
        if name == "b" { $0.hugePages = "never" }
      }
    }
    let texts = JobFacts(ranks: ranks, threads: nil).warnings.map(\.text)
    #expect(texts.count == 2)
    #expect(texts.first?.hasPrefix("a and 2 more hosts: SVDIST_KERNELS") == true)
    #expect(texts.last?.hasPrefix("b: transparent") == true)
  }

  @Test(
    arguments: [(1000, 20, nil, false), (100, 20, "FLAC", false), (20, 20, "FLAC", true)]
      as [(Double, Double, String?, Bool)])
  func `a corpus that comes slowly is warned of`(input: Double, encoder: Double, word: String?, isCostly: Bool) {
    let warning = rates(input: input, encoder: encoder, open: 1e-5).warning
    #expect((warning?.text.contains(word ?? "") ?? false) == (word != nil))
    #expect((warning?.isCostly ?? false) == isCostly)
  }

  @Test func `where files open slowly the remedy is a nearer disk`() {
    #expect(rates(input: 20, encoder: 20, open: 0.02).warning?.text.contains("local disk") == true)
  }

  @Test func `input's share of the cores counts all threads, and the larger share is the bottleneck`() {
    #expect(rates(input: 100, encoder: 40, open: 1e-5, threads: 4).inputShare == 40.0 / 440)
    let near = MachineReport.corpus(rates(input: 100, encoder: 20, open: 1e-5))
    #expect(near.contains("the encoder is the bottleneck, input takes 17 % of the cores' time"))
    let far = MachineReport.corpus(rates(input: 10, encoder: 20, open: 1e-5))
    #expect(far.contains("the corpus is the bottleneck, input takes 67 % of the cores' time"))
  }

  private func rates(input: Double, encoder: Double, open: Double, threads: Int = 1) -> CorpusRates {
    CorpusRates(
      path: "data", fileSystem: "nfs4", files: FileRates(open: open, slowestOpen: open, read: 100), input: input,
      encoder: encoder, threads: threads, encoderName: "C = 512, fp32")
  }
}
