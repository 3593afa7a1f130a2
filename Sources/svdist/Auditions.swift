import DistTrain
import Foundation

/// A folder of crops as training draws them, each before and after augmentation.
struct Auditions {

  private let configuration: Configuration
  private let count: Int
  private let messages: MessageOptions

  /// The crops of the first stage where the settings have several.
  /// - Throws: `Failure(.usage)` where no view is augmented, or a folder of noise or rooms cannot be used.
  init(_ configuration: Configuration, count: Int, messages: MessageOptions) throws {
    let configuration = configuration.ofFirstStage
    guard (0..<configuration.batch.views).contains(where: { configuration.augments(view: $0) }) else {
      throw Failure(.usage, "no view is augmented: set views.augmented and a kind of augmentation; see svdist config")
    }
    // The augmentation is opened here, so that an error in it shows before a corpus is prepared.
    _ = try Augmentation(configuration.augmentation, corpus: nil)
    self.configuration = configuration
    self.count = count
    self.messages = messages
  }

  /// The names and the mark by which an earlier folder of pairs is known.
  static let contents = WholeFolder.Contents(mark: ListeningFolder.table) { ListeningFolder.has($0) }

  /// Writes the pairs of a data directory, and a table of what was done to each.
  /// - Parameter replacing: the contents of a folder that may be replaced; nil replaces nothing.
  func write(_ directory: String, to output: String, replacing: WholeFolder.Contents?) throws {
    let plan = try TrainingPlan(configuration, corpus: Corpus.open(directory))
    var clipping = Clipping()
    let progress = messages.progress(count: count, things: "pairs written")
    try WholeFolder.write(output, replacing: replacing) { folder in
      var lines = [["pair", "utterance", "speaker", "epoch", "view"] + Augmentation.columns]
      for (index, place) in rows(plan).enumerated() {
        let row = place.row
        let audition = try plan.batches.loader.audition(
          row, seconds: plan.batches.cropLengths.seconds(step: place.step))
        let name = ListeningFolder.name(index + 1)
        for (samples, file) in [
          (audition.clean, name + ListeningFolder.clean), (audition.augmented, name + ListeningFolder.augmented),
        ] {
          clipping.add(try AudioFile.write(samples, to: "\(folder)/\(file)"), of: file)
        }
        lines.append(
          [
            name, plan.batches.corpus.utterances[audition.row.utterance].id, plan.batches.corpus.speakers[row.speaker],
            "\(row.epoch)",
          ]
            + ["\(row.view)"] + plan.batches.loader.augmentation.record(of: audition.distortion))
        progress.advance()
      }
      let text = lines.map { $0.joined(separator: "\t") + "\n" }.joined()
      try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder)/\(ListeningFolder.table)"))
    }
    progress.clear()
    if let remark = clipping.remark, !messages.quiet { print("note: \(remark)") }
    print("\(output): \(count.counted("pair")), and \(ListeningFolder.table), which says what was done to each")
  }

  /// The first rows of augmented views, with the steps of their batches.
  private func rows(_ plan: TrainingPlan) -> [(step: Int, row: BatchRow)] {
    var rows: [(step: Int, row: BatchRow)] = []
    for step in 0... {
      rows += plan.batches.sampler.batch(step: step).filter { configuration.augments(view: $0.view) }.map { (step, $0) }
      if rows.count >= count { break }
    }
    return Array(rows.prefix(count))
  }
}
