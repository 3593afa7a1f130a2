import DistTrain
import Foundation
import Testing

extension SmallRun {
  /// The way in which a run ends before its last step.
  enum End { case asked, killed }

  /// Starts a run and ends it on its way, after a step of its own choice or after a checkpoint.
  func interrupt(_ arguments: [String], steps: Int, ranks: Int?, end: End) throws {
    let program = try Program("svdist", arguments, ranks: ranks)
    switch end {
    case .asked:
      try program.wait { metrics().count >= 5 }
      program.send(SIGUSR1)
      let outcome = try program.finish()
      #expect(outcome.status == 75, "\(outcome.output)\(outcome.errors)")
      #expect(checkpoints().last == metrics().last?.step)
    case .killed:
      try program.wait { checkpoints().count >= 1 && metrics().count >= 10 }
      program.killAll()
      _ = try program.finish()
      #expect(!checkpoints().isEmpty)
    }
    #expect(metrics().count < steps)
  }

  /// Changes a file of a checkpoint, and its manifest, so that the checkpoint counts as whole.
  func rewrite(_ name: String, step: Int, _ change: (Data) throws -> Data) throws {
    let folder = path("run/checkpoints/step-\(String(format: "%08d", step))")
    let place = URL(fileURLWithPath: "\(folder)/\(name)")
    let before = try InputFile(path: place.path)
    let (bytes, digest) = (before.bytes, try before.digest())
    try change(try Data(contentsOf: place)).write(to: place)
    let after = try InputFile(path: place.path)
    try String(contentsOfFile: "\(folder)/manifest.json", encoding: .utf8)
      .replacingOccurrences(of: digest, with: after.digest())
      .replacingOccurrences(of: "\"bytes\" : \(bytes),", with: "\"bytes\" : \(after.bytes),")
      .write(toFile: "\(folder)/manifest.json", atomically: true, encoding: .utf8)
  }

  /// The lines of the run's history.
  func starts(_ name: String = "run") throws -> [RunHistory.Start] {
    try String(contentsOfFile: path("\(name)/history.jsonl"), encoding: .utf8).split(separator: "\n").map {
      try JSONDecoder().decode(RunHistory.Start.self, from: Data($0.utf8))
    }
  }
}
