import Foundation
import Testing

/// A program of this package that ran to its end.
struct Launch {
  let status: Int32
  let output: String
  let errors: String

  /// The folder of the built programs, where the tests' own lies.
  static let programs = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()

  /// Runs a program of this package.
  /// - Parameters:
  ///   - ranks: how many ranks mpirun starts; nil runs the program without it.
  ///   - seconds: the time after which the run is ended, with status 124.
  init(_ program: String, _ arguments: [String], ranks: Int? = nil, seconds: Int = 120) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "svdist-launch-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }

    var command = ["timeout", "--kill-after=10", "\(seconds)"]
    if let ranks { command += ["mpirun", "--oversubscribe", "--bind-to", "none", "-n", "\(ranks)"] }
    command += [Self.programs.appending(path: program).path] + arguments
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = command
    process.environment = Self.environment
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try Self.file("output", in: folder)
    process.standardError = try Self.file("errors", in: folder)
    try process.run()
    process.waitUntilExit()
    status = process.terminationStatus
    output = try String(contentsOf: folder.appending(path: "output"), encoding: .utf8)
    errors = try String(contentsOf: folder.appending(path: "errors"), encoding: .utf8)
  }

  /// The lines on standard error that are the program's own, not the launcher's.
  var complaints: [String] {
    errors.split(separator: "\n").map(String.init).filter { $0.hasPrefix("svdist: ") }
  }

  /// This process's environment, as a terminal has it: without the marks of a launcher.
  private static var environment: [String: String] {
    let marks = ["OMPI_", "PMIX_", "PMI_", "ORTE_", "SLURM_"]
    var result = ProcessInfo.processInfo.environment.filter { name, _ in !marks.contains { name.hasPrefix($0) } }
    result["OMPI_ALLOW_RUN_AS_ROOT"] = "1"
    result["OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"] = "1"
    return result
  }

  private static func file(_ name: String, in folder: URL) throws -> FileHandle {
    let url = folder.appending(path: name)
    _ = FileManager.default.createFile(atPath: url.path, contents: nil)
    return try FileHandle(forWritingTo: url)
  }
}
