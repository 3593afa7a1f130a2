import DistTrain
import Foundation

/// `svdist prepare --check`: a check whether a data directory's shards are what was written.
struct ShardCheck {
  private let source: String
  private let messages: MessageOptions

  init(_ source: String, messages: MessageOptions) {
    self.source = source.withoutEndingSlashes
    self.messages = messages
  }

  /// Checks the data directory, and train and evaluation in it, and prints what it found.
  /// - Throws: `Failure(.badData)` where there are no shards, or damaged ones.
  func run() throws {
    var shards = 0
    var utterances = 0
    var damages: [ShardRecords.Damage] = []
    for directory in [source, "\(source)/train", "\(source)/evaluation"] {
      guard let records = try ShardRecords(directory) else { continue }
      let progress = messages.progress(count: records.records.count, things: "shards read")
      damages += records.damaged { progress.advance() }
      progress.clear()
      shards += records.records.count
      utterances += records.records.reduce(0) { $0 + $1.utterances }
    }
    guard shards > 0 else {
      throw Failure(.badData, "\(source): no shards.tsv: is it a data directory of svdist prepare --shards?")
    }
    for damage in damages { print("\(damage.shard) \(damage.reason): \(damage.utterances.counted("utterance"))") }
    guard damages.isEmpty else {
      let lost = damages.reduce(0) { $0 + $1.utterances }
      throw Failure(
        .badData,
        "\(source): \(damages.count) of \(shards) shards are damaged, with \(lost) of \(utterances) utterances: copy them "
          + "again, or svdist prepare leaves their utterances out where it reads the data directory")
    }
    print("\(source): \(shards.counted("shard")), \(utterances.counted("utterance")), all as they were written")
  }
}
