import Foundation

/// The job of Slurm that this process belongs to. Its end is asked of scontrol where it counts, because
/// SLURM_JOB_END_TIME is missing in Slurm 22.05 (seen with 22.05.8, in the batch shell and in steps) and stays what it
/// was where somebody changes the job's limit.
package struct SlurmJob: Sendable, Equatable {
  /// The job's number.
  package let id: String

  /// The seconds that scontrol may take.
  private static let patience = 5.0

  /// The job that the environment names; nil outside one.
  package init?(environment: [String: String]) {
    guard let id = environment["SLURM_JOB_ID"], !id.isEmpty, id.utf8.allSatisfy({ (48...57).contains($0) }) else {
      return nil
    }
    self.id = id
  }

  /// The job's end in seconds since 1970, as Slurm has it now; infinity for a job without a limit, nil where scontrol
  /// is not there, knows no such job or gives no answer in time.
  package func askedEnd() -> Double? {
    let answer = try? TemporaryFolder.with { folder in
      let output = "\(folder)/job"
      // Its times are then seconds and need no time zone.
      let command = ShellCommand(
        text: "SLURM_TIME_FORMAT=%s exec scontrol show job --oneliner \(id)", limit: Self.patience, mostBytes: 1 << 22)
      guard try command.run(output: output, errors: "/dev/null") == .exited(status: 0) else { return "" }
      return try String(contentsOfFile: output, encoding: .utf8)
    }
    return answer.flatMap { end(in: $0) }
  }

  /// The end in what scontrol prints: one line a job, several for an array whose first job this is.
  package func end(in lines: String) -> Double? {
    for line in lines.split(separator: "\n") {
      let fields = line.split(separator: " ")
      guard fields.contains("JobId=\(id)"), let field = fields.first(where: { $0.hasPrefix("EndTime=") })
      else { continue }
      let text = field.dropFirst("EndTime=".count)
      return text == "Unknown" ? .infinity : Double(text).flatMap { $0.isFinite ? $0 : nil }
    }
    return nil
  }
}
