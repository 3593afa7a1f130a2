import Foundation

/// A program of this package that a test started, alone or under mpirun.
final class Program {
  private let arguments: [String]
  private let process = Process()
  private let folder: URL
  private let limit: Double
  private let deadline: Date

  /// Starts it.
  /// - Parameters:
  ///   - name: of the built program.
  ///   - words: further arguments as a shell reads them, which may make words of any bytes of them.
  ///   - environment: variables over those of the tests.
  ///   - directory: its working directory; that of the tests if nil.
  ///   - ranks: starts so many under `mpirun`; without it if nil.
  ///   - ignored: signals, such as `HUP`, that it finds ignored.
  ///   - limit: after so many seconds the program and all it started are killed, and `ProgramTimeout` is thrown.
  init(
    _ name: String, _ arguments: [String], words: String? = nil, environment: [String: String] = [:],
    directory: URL? = nil,
    ranks: Int? = nil, ignoring ignored: [String] = [], limit: Double = 120
  ) throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "svdist-program-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    self.arguments = arguments
    self.limit = limit
    deadline = Date().addingTimeInterval(limit)
    let launcher = ranks.map { ["mpirun", "-n", "\($0)"] }
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    // Swift's threads block signals, and a program that they start would too.
    let shell = words.map { ["bash", "-c", "exec \"$@\" \($0)", "bash"] } ?? []
    process.arguments =
      ["--default-signal"] + ignored.map { "--ignore-signal=\($0)" } + shell + (launcher ?? [])
      + [try Self.path(of: name)] + arguments
    process.environment = Self.environment.merging(environment) { $1 }
      .merging(["SVDIST_TEST_RUN": folder.lastPathComponent]) { $1 }
    process.currentDirectoryURL = directory
    // Files, not pipes: a full pipe would stop the program.
    for file in [outputFile, errorsFile] { try Data().write(to: file) }
    process.standardOutput = try FileHandle(forWritingTo: outputFile)
    process.standardError = try FileHandle(forWritingTo: errorsFile)
    process.standardInput = FileHandle.nullDevice
    try process.run()
  }

  deinit {
    killAll()
    try? FileManager.default.removeItem(at: folder)
  }

  private var outputFile: URL { folder.appending(path: "output") }
  private var errorsFile: URL { folder.appending(path: "errors") }

  /// The output so far.
  var output: String { (try? String(contentsOf: outputFile, encoding: .utf8)) ?? "" }
  var errors: String { (try? String(contentsOf: errorsFile, encoding: .utf8)) ?? "" }

  /// Sends a signal to the program, or to mpirun where it was started by that.
  func send(_ signal: Int32) {
    if process.isRunning { kill(process.processIdentifier, signal) }
  }

  /// Whether the program has taken a signal, which ends it no more by itself.
  func takes(_ signal: Int32) -> Bool {
    let status = try? String(contentsOfFile: "/proc/\(process.processIdentifier)/status", encoding: .utf8)
    let line = status?.split(separator: "\n").first { $0.hasPrefix("SigCgt:") }
    let taken = line.flatMap { UInt64($0.dropFirst(7).trimmingCharacters(in: .whitespaces), radix: 16) } ?? 0
    return taken >> UInt64(signal - 1) & 1 == 1
  }

  /// The variable that every process of the run has in its environment.
  var mark: String { "SVDIST_TEST_RUN=\(folder.lastPathComponent)" }

  /// Waits until the condition holds or the program has ended.
  func wait(until condition: () -> Bool) throws {
    while process.isRunning, !condition() {
      if Date() > deadline {
        killAll()
        throw ProgramTimeout(arguments: arguments, seconds: limit, output: output, errors: errors)
      }
      usleep(3_000)
    }
  }

  /// Waits for its end.
  func finish() throws -> Outcome {
    try wait { false }
    process.waitUntilExit()
    killAll()
    return Outcome(
      status: process.terminationReason == .exit ? process.terminationStatus : 128 + process.terminationStatus,
      output: output, errors: errors)
  }

  /// Kills every process of the run with SIGKILL: the program, its launcher and its ranks, which inherit the mark in
  /// their environment.
  func killAll() {
    let mark = Array(mark.utf8)
    var found: Bool
    repeat {
      found = false
      let processes = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
      for process in processes.compactMap({ Int32($0) }) {
        // A process that has ended but isn't collected yet has no environment left.
        guard let environment = FileManager.default.contents(atPath: "/proc/\(process)/environ") else { continue }
        if environment.split(separator: 0).contains(where: { $0.elementsEqual(mark) }) {
          kill(process, SIGKILL)
          found = true
        }
      }
    } while found
  }

  /// A built program: beside the test bundle, or for svdist where `SVDIST_PROGRAM` says.
  static func path(of name: String) throws -> String {
    if name == "svdist", let path = ProcessInfo.processInfo.environment["SVDIST_PROGRAM"] { return path }
    var folder = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
    while folder.path != "/" {
      let program = folder.appending(path: name).path
      var isFolder: ObjCBool = false
      if FileManager.default.fileExists(atPath: program, isDirectory: &isFolder), !isFolder.boolValue { return program }
      folder.deleteLastPathComponent()
    }
    throw CocoaError(
      .fileNoSuchFile,
      userInfo: [NSFilePathErrorKey: "\(name) beside \(CommandLine.arguments[0]); scripts/tools makes it"])
  }

  /// The tests' environment as a terminal has it: without the marks of a launcher.
  private static var environment: [String: String] {
    let marks = ["OMPI_", "PRTE_", "PMIX_", "PMI_", "MPI_LOCAL", "HYDI_", "ORTE_", "SLURM_"]
    var environment = ProcessInfo.processInfo.environment.filter { name, _ in !marks.contains { name.hasPrefix($0) } }
    environment["OMPI_ALLOW_RUN_AS_ROOT"] = "1"
    environment["OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"] = "1"
    // More ranks than cores and none bound to one, in the words of Open MPI 4 and 5; with MPICH it is always so.
    environment["OMPI_MCA_rmaps_base_oversubscribe"] = "1"
    environment["OMPI_MCA_hwloc_base_binding_policy"] = "none"
    environment["PRTE_MCA_rmaps_default_mapping_policy"] = ":oversubscribe"
    environment["PRTE_MCA_hwloc_default_binding_policy"] = "none"
    return environment
  }
}

/// The program ran longer than its test allows.
struct ProgramTimeout: Error {
  let arguments: [String]
  let seconds: Double
  let output: String
  let errors: String
}

/// Runs the built svdist to its end.
func svdist(
  _ arguments: [String], environment: [String: String] = [:], directory: URL? = nil, mpi ranks: Int? = nil,
  limit seconds: Double = 120
) throws -> Outcome {
  try Program("svdist", arguments, environment: environment, directory: directory, ranks: ranks, limit: seconds)
    .finish()
}

/// Runs the built svdist with kernels of a family, or so many ranks with one each; with none named as it chooses.
func svdist(_ arguments: [String], kernels: [String]) throws -> Outcome {
  let path = try Program.path(of: "svdist")
  let others = kernels.dropFirst().flatMap { [":", "-n", "1", "env", "SVDIST_KERNELS=\($0)", path] + arguments }
  let first = kernels.first.map { ["SVDIST_KERNELS": $0] } ?? [:]
  return try Program("svdist", arguments + others, environment: first, ranks: kernels.count > 1 ? 1 : nil).finish()
}
