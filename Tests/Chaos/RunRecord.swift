import DistTrain
import Foundation

/// The record that a run has left in its folder so far.
struct RunRecord {
  let folder: String

  /// Whole lines of the log, without reading them.
  var lines: Int {
    (try? InputFile.contents(of: folder + "/metrics.jsonl"))?.count { $0 == UInt8(ascii: "\n") } ?? 0
  }

  /// The lines of the log.
  /// - Throws: where one is not a step's.
  func metrics() throws -> [StepMetrics] {
    let text = String(decoding: try InputFile.contents(of: folder + "/metrics.jsonl"), as: UTF8.self)
    return try text.split(separator: "\n").map { try JSONDecoder().decode(StepMetrics.self, from: Data($0.utf8)) }
  }

  /// The first step that an unreadable utterance was replaced at; nil where none was.
  var stepOfReplacement: Int? {
    let text = String(decoding: (try? InputFile.contents(of: folder + "/bad-utterances.tsv")) ?? [], as: UTF8.self)
    return text.split(separator: "\n").dropFirst().first.flatMap { Int($0.prefix { $0 != "\t" }) }
  }

  /// The steps that have a checkpoint's final name, rising.
  var checkpoints: [Int] {
    ((try? FileSystem.names(in: folder + "/checkpoints")) ?? []).filter { $0.hasPrefix("step-") }
      .compactMap { Int($0.dropFirst(5)) }
  }

  func checkpoint(_ step: Int) -> String {
    let digits = String(step)
    return "\(folder)/checkpoints/step-" + String(repeating: "0", count: 8 - digits.count) + digits
  }

  /// The leftovers of killed or failed writes beside checkpoints and evaluations.
  var leftovers: [String] {
    ["checkpoints", "evaluation"].flatMap { name in
      ((try? FileSystem.names(in: "\(folder)/\(name)")) ?? []).filter { $0.hasPrefix(".") }.map { "\(name)/\($0)" }
    }
  }

  /// The files that have to be the same, byte for byte, however often the run was interrupted.
  func results(step: Int) throws -> [String: [UInt8]] {
    let names = ["model.safetensors", "optimizer.safetensors"].map { "\(checkpoint(step))/\($0)" }
    let evaluation = ["result.json", "scores", "embeddings.safetensors"].map { "\(folder)/evaluation/\($0)" }
    return try Dictionary(
      uniqueKeysWithValues: (names + evaluation).map { (URL(fileURLWithPath: $0).lastPathComponent, $0) }
    ).mapValues { try InputFile.contents(of: $0) }
  }
}

extension StepMetrics {
  var losses: [Double] { objectives.map(\.loss) }
}
