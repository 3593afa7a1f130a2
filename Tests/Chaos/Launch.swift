import DistTrain
import Foundation

/// A launch of svdist under mpirun, whose processes are found by a mark in their environment.
final class Launch {
  struct Member {
    let pid: Int32
    /// nil for the launcher.
    let rank: Int?
  }

  let ranks: Int
  private let process = Process()
  private let mark: String
  private let log: URL

  /// Starts it.
  /// - Parameter log: gets what it writes, complaints too.
  init(_ program: String, _ arguments: [String], ranks: Int, log: URL) throws {
    self.ranks = ranks
    self.log = log
    mark = "SVDIST_CHAOS=\(UUID().uuidString)"
    try Data().write(to: log)
    let output = try FileHandle(forWritingTo: log)
    _ = try output.seekToEnd()
    // Open MPI kills its ranks a second after it passed SIGTERM on, unless it is told to wait.
    let settings = [
      "OMPI_MCA_odls_base_sigkill_timeout=5", "OMPI_MCA_rmaps_base_oversubscribe=1",
      "OMPI_MCA_hwloc_base_binding_policy=none", "PRTE_MCA_rmaps_default_mapping_policy=:oversubscribe",
      "PRTE_MCA_hwloc_default_binding_policy=none",
    ]
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    // Swift's threads block signals, and a program that they start would too.
    process.arguments = ["--default-signal", mark] + settings + ["mpirun", "-n", "\(ranks)", program] + arguments
    process.standardOutput = output
    process.standardError = output
    process.standardInput = FileHandle.nullDevice
    try process.run()
  }

  deinit { killAll() }

  var isRunning: Bool { process.isRunning }

  /// The launcher's exit status; 128 + the signal that ended it.
  var status: Int32 {
    process.terminationReason == .exit ? process.terminationStatus : 128 + process.terminationStatus
  }

  /// The output so far.
  var output: String { (try? String(contentsOf: log, encoding: .utf8)) ?? "" }

  /// The launch's processes that live.
  var members: [Member] {
    let processes = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return processes.compactMap { Int32($0) }.compactMap { pid in
      // A process that has ended but isn't collected yet has no environment left.
      guard let text = KernelFile.text("/proc/\(pid)/environ") else { return nil }
      let variables = text.split(separator: "\0")
      guard variables.contains(where: { $0 == mark }) else { return nil }
      let pairs = variables.map { $0.split(separator: "=", maxSplits: 1) }.filter { $0.count == 2 }
      let environment = Dictionary(pairs.map { (String($0[0]), String($0[1])) }) { $1 }
      return Member(pid: pid, rank: JobLauncher(environment) == nil ? nil : JobLauncher.rank(environment))
    }
  }

  func send(_ signal: Int32, toRank rank: Int) {
    for member in members where member.rank == rank { kill(member.pid, signal) }
  }

  func sendToLauncher(_ signal: Int32) {
    if process.isRunning { kill(process.processIdentifier, signal) }
  }

  /// Kills the launcher and its ranks, those too that start meanwhile.
  func killAll() {
    sendToLauncher(SIGKILL)
    while true {
      let members = members
      if members.isEmpty { return }
      for member in members { kill(member.pid, SIGKILL) }
    }
  }

  /// Waits until the launch has ended, or the condition holds.
  /// - Returns: false when neither happened in time.
  func wait(seconds: Double, until condition: () -> Bool = { false }) -> Bool {
    let deadline = Date().addingTimeInterval(seconds)
    while process.isRunning, !condition() {
      if Date() > deadline { return false }
      usleep(2_000)
    }
    return true
  }

  /// Waits until none of its processes lives, where the launcher has ended.
  func waitForRanks(seconds: Double) -> Bool {
    let deadline = Date().addingTimeInterval(seconds)
    while !members.isEmpty {
      if Date() > deadline { return false }
      usleep(20_000)
    }
    return true
  }
}
