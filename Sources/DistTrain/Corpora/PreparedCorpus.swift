import Foundation

/// What svdist prepare writes: one data directory, or one to train on and one of held-out speakers to evaluate on.
package struct PreparedCorpus: Sendable {
  package struct Part: Sendable {
    /// The folder in the output; empty for the output itself.
    package let name: String
    package let corpus: Corpus
    package let trials: TrialDraw?
    let utterances: [ListedUtterance]
  }

  package static let leftOutName = "left-out.tsv"
  /// All that can lie in an output folder.
  package static let names: Set<String> = [
    "wav.scp", "utt2spk", "spk2utt", "utt2dur", "segments", "trials", leftOutName, "train", "evaluation",
  ]

  package let parts: [Part]
  private let leftOut: [LeftOut]

  /// - Parameters:
  ///   - heldOut: chooses the speakers to evaluate on; nil for no division.
  ///   - trials: the length of the trial list over the held-out speakers, or over all where none are held out; nil for
  ///     the default length over held-out speakers.
  /// - Throws: `Failure(.badData)` where no utterance can be used, and what `HoldOut` and `TrialDraw` throw.
  package init(
    _ preparation: CorpusPreparation, heldOut: (Corpus) throws -> Set<String>?, trials: Int?, seed: UInt64
  ) throws {
    leftOut = preparation.leftOut
    guard !preparation.utterances.isEmpty else {
      let reasons = preparation.leftOutByKind.map { "\($0.count) × \($0.kind)" }.joined(separator: ", ")
      let first = preparation.leftOut.first.map { "\($0.path) \($0.reason)" } ?? ""
      throw Failure(.badData, "no utterance can be used (\(reasons)); the first: \(first)")
    }
    let whole = Corpus(preparation.utterances)
    func draw(_ corpus: Corpus) throws -> TrialDraw { try TrialDraw(corpus: corpus, count: trials, seed: seed) }
    guard let held = try heldOut(whole) else {
      parts = [
        Part(
          name: "", corpus: whole, trials: trials == nil ? nil : try draw(whole), utterances: preparation.utterances)
      ]
      return
    }
    let training = preparation.utterances.filter { !held.contains($0.speaker) }
    let evaluation = preparation.utterances.filter { held.contains($0.speaker) }
    let evaluated = Corpus(evaluation)
    parts = [
      Part(name: "train", corpus: Corpus(training), trials: nil, utterances: training),
      Part(name: "evaluation", corpus: evaluated, trials: try draw(evaluated), utterances: evaluation),
    ]
  }

  /// Writes the output folder as a whole. Throws `.usage` where it is taken or cannot be written.
  package func write(_ output: String, relativePaths: Bool, overwrite: Bool) throws {
    let final = URL(fileURLWithPath: output).standardizedFileURL
    let base = final.deletingLastPathComponent().resolvingSymlinksInPath()
      .appendingPathComponent(final.lastPathComponent).path
    try WholeFolder.write(output, replacing: overwrite ? Self.names : nil) { folder in
      for part in parts {
        let place = part.name.isEmpty ? "" : "/" + part.name
        let writer = DataDirectoryWriter(relativeTo: relativePaths ? base + place : nil)
        try writer.write(part.utterances, into: folder + place)
        if let trials = part.trials {
          try DataDirectoryWriter.write(trials.lines(part.corpus), to: "\(folder)\(place)/trials")
        }
      }
      try DataDirectoryWriter.write(report, to: "\(folder)/\(Self.leftOutName)")
    }
  }

  /// Remarks for someone who may have meant something else.
  package func notes(layout: CorpusLayout) -> [String] {
    var notes: [String] = []
    let training = parts[0].corpus
    if training.speakers.count == 1 {
      let hint = layout == .folders ? "; the folders right below SOURCE are taken for speakers" : ""
      notes.append("there is only one speaker, '\(training.speakers[0])'\(hint)")
    }
    let single = training.utterancesOfSpeaker.count { $0.count == 1 }
    if single > 0 {
      notes.append(
        "\(single) speakers have one utterance, which training with batch.utterances: 2 refuses; "
          + "--minimum-utterances 2 leaves them out")
    }
    for part in parts {
      guard let trials = part.trials else { continue }
      let speakers = part.corpus.speakers.count
      let covered = Set(trials.trials.filter(\.isTarget).map { part.corpus.utterances[$0.enrolment].speaker }).count
      if covered < speakers {
        notes.append("\(speakers - covered) of \(speakers) speakers have no target trial")
      }
    }
    return notes
  }

  /// The lines of left-out.tsv: utterance, path, reason.
  private var report: [String] {
    [["utterance", "path", "reason"]].map { $0.joined(separator: "\t") }
      + leftOut.map { entry in
        [entry.utterance, entry.path, entry.reason].map { field in
          String(field.map { $0 == "\t" || $0.isNewline ? " " : $0 })
        }.joined(separator: "\t")
      }
  }
}
