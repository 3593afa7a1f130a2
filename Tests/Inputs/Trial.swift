import DistTrain
import Foundation

/// One run of svdist on an odd input, and what is wrong with how it ended.
struct Trial {
  let arguments: [String]
  private(set) var status: Int32 = 0
  private(set) var output = ""
  private(set) var errors = ""
  private(set) var faults: [String] = []

  /// The statuses that are documented.
  private static let statuses: Set<Int32> = [0, 1, 64, 65, 75]

  /// Runs the program to its end, or kills it after `limit` seconds.
  init(_ program: String, _ arguments: [String], in folder: String, limit: Double) throws {
    self.arguments = arguments
    let (outputPath, errorsPath) = ("\(folder)/stdout", "\(folder)/stderr")
    for path in [outputPath, errorsPath] { try Data().write(to: URL(fileURLWithPath: path)) }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    // Swift's threads block signals, and a program that they start would too.
    process.arguments = ["--default-signal", "timeout", "--signal=KILL", "\(limit)", program] + arguments
    process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: outputPath))
    process.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: errorsPath))
    process.standardInput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    status = process.terminationReason == .exit ? process.terminationStatus : 128 + process.terminationStatus
    output = String(decoding: try InputFile.contents(of: outputPath), as: UTF8.self)
    errors = String(decoding: try InputFile.contents(of: errorsPath), as: UTF8.self)
    judge(limit)
  }

  private mutating func judge(_ limit: Double) {
    if status == 137 || status == 124 {
      faults.append("did not end within \(limit) s")
    } else if !Self.statuses.contains(status) || errors.contains("Fatal error") {
      faults.append("ended with status \(status)")
    } else if status != 0, errors.isEmpty, arguments.first != "doctor" || output.isEmpty {
      // What is slow is doctor's result, with status 1.
      faults.append("failed without a word")
    }
    let prints = ["verify", "evaluate"].contains(arguments.first ?? "")
    if prints, status == 0, output.lowercased().split(whereSeparator: { !$0.isLetter }).contains("nan") {
      faults.append("printed a score that is no number")
    }
  }
}
