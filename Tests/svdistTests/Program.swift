import Foundation

/// What a run of the program left behind.
typealias Outcome = (status: Int32, output: String, errors: String)

/// Runs the built program and waits for it.
///
/// - Parameters:
///   - arguments: its command line.
///   - environment: variables over those of the tests.
///   - directory: its working directory; that of the tests if nil.
///   - ranks: starts so many under `mpirun`; without it if nil.
///   - seconds: after these the program and all it started are killed, and `ProgramTimeout` is thrown.
/// - Returns: the exit status (128 + the signal that ended it), standard output and standard error.
func svdist(
  _ arguments: [String], environment: [String: String] = [:], directory: URL? = nil, mpi ranks: Int? = nil,
  limit seconds: Double = 120
) throws -> Outcome {
  let folder = FileManager.default.temporaryDirectory.appending(path: "svdist-program-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  let mark = ["SVDIST_TEST_RUN": folder.lastPathComponent]

  let process = Process()
  let launcher = ranks.map { ["mpirun", "--oversubscribe", "--bind-to", "none", "-n", "\($0)"] } ?? []
  process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
  process.arguments = launcher + [try programPath()] + arguments
  process.environment = childEnvironment.merging(environment) { $1 }.merging(mark) { $1 }
  process.currentDirectoryURL = directory
  let (output, errors) = (folder.appending(path: "output"), folder.appending(path: "errors"))
  // Files, not pipes: a full pipe would stop the program.
  for file in [output, errors] { try Data().write(to: file) }
  process.standardOutput = try FileHandle(forWritingTo: output)
  process.standardError = try FileHandle(forWritingTo: errors)
  process.standardInput = FileHandle.nullDevice

  defer { killProcesses(with: folder.lastPathComponent) }
  try process.run()
  let deadline = Date().addingTimeInterval(seconds)
  while process.isRunning {
    if Date() > deadline {
      killProcesses(with: folder.lastPathComponent)
      throw ProgramTimeout(
        arguments: arguments, seconds: seconds, output: try String(contentsOf: output, encoding: .utf8),
        errors: try String(contentsOf: errors, encoding: .utf8))
    }
    usleep(5_000)
  }
  return (
    status: process.terminationReason == .exit ? process.terminationStatus : 128 + process.terminationStatus,
    output: try String(contentsOf: output, encoding: .utf8), errors: try String(contentsOf: errors, encoding: .utf8)
  )
}

/// The program ran longer than its test allows.
struct ProgramTimeout: Error {
  let arguments: [String]
  let seconds: Double
  let output: String
  let errors: String
}

/// The built program: beside the test bundle, or where `SVDIST_PROGRAM` says.
func programPath() throws -> String {
  if let path = ProcessInfo.processInfo.environment["SVDIST_PROGRAM"] { return path }
  var folder = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
  while folder.path != "/" {
    let program = folder.appending(path: "svdist").path
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: program, isDirectory: &isFolder), !isFolder.boolValue { return program }
    folder.deleteLastPathComponent()
  }
  throw CocoaError(.fileNoSuchFile, userInfo: [NSFilePathErrorKey: "svdist beside \(CommandLine.arguments[0])"])
}

/// The tests' environment without what a launcher above them has set.
private var childEnvironment: [String: String] {
  var environment = ProcessInfo.processInfo.environment.filter { name, _ in
    !["OMPI_COMM_", "OMPI_UNIVERSE", "PMIX_", "PMI_", "SLURM_"].contains { name.hasPrefix($0) }
  }
  environment["OMPI_ALLOW_RUN_AS_ROOT"] = "1"
  environment["OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"] = "1"
  environment["OPENBLAS_NUM_THREADS"] = "1"
  return environment
}

/// Kills every process of the run: the program, its launcher and its ranks, which inherit the mark in their environment.
private func killProcesses(with mark: String) {
  let mark = Array("SVDIST_TEST_RUN=\(mark)".utf8)
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
