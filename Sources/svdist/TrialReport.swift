import DistTrain
import Foundation

/// What `svdist evaluate` computes and prints of embeddings: the scores of a list's trials, and what they are worth.
struct TrialReport {
  private let command: EvaluateCommand
  private let plan: EvaluateCommand.Plan
  private let sets: Embedding.Sets
  private let communicator: any Communicator
  /// The embeddings of utterances and enrolments.
  private let all: Embeddings

  /// - Throws: `AgreedFailure` where an enrolment lacks an embedding.
  init(
    _ command: EvaluateCommand, _ plan: EvaluateCommand.Plan, _ sets: Embedding.Sets,
    _ communicator: any Communicator
  ) throws {
    (self.command, self.plan, self.sets, self.communicator) = (command, plan, sets, communicator)
    all = try communicator.agree { try plan.map?.adding(to: sets.whole) ?? sets.whole }
  }

  /// Scores the trials in each way that was asked for. All ranks call this together, and rank 0 prints and writes.
  func print() throws {
    if communicator.rank == 0, command.hasSeveralSets, !command.json {
      Swift.print("\(plan.corpus?.shown ?? ""): \(plan.list.path.shown)")
    }
    let identity = sets.whole.encoder
    let isAlone = command.subtractMean == nil && plan.loaded == nil && sets.crops == nil
    try report("raw cosine", cosines(all), isAlone ? .cosines(encoder: identity) : nil)
    let mean = try communicator.agree { try command.subtractMean.map { try self.mean($0) } }
    if let mean {
      let origin = ScoreOrigin(kind: "cosine minus a mean", encoder: identity)
      try report("minus mean", cosines(all, mean: mean), origin)
    }
    if let loaded = plan.loaded {
      try report(loaded.backEnd.words, scores(by: loaded), loaded.origin(encoder: identity))
    }
    if let crops = sets.crops, let chosen = command.crops.chosen {
      let own = try communicator.agree { try plan.map?.adding(to: crops) ?? crops }
      let values = try TrialScorer(directions: own).scores(of: plan.list, communicator: communicator)
      try report(chosen.words, values, .cosines(of: chosen, encoder: identity))
    }
    for (length, middle) in zip(command.durations, sets.middles) {
      let values =
        try plan.loaded.map { try scores(by: $0, testsOf: middle, length) }
        ?? cosines(try communicator.agree { try all.tested(with: middle) }, mean: mean)
      let whole = plan.tests.count { $0 <= length }
      let seconds = String(format: "%g", length)
      try report("tests of \(seconds) s (\(whole) of \(plan.tests.count) are no longer)", values, nil)
    }
  }

  private func cosines(_ embeddings: Embeddings, mean: [Float]? = nil) throws -> [Float] {
    let scorer = try communicator.agree { try TrialScorer(embeddings, mean: mean) }
    return try scorer.scores(of: plan.list, communicator: communicator)
  }

  /// The scores of a back end.
  /// - Parameters:
  ///   - middles: the embeddings of tests that are cut; nil where they are whole.
  ///   - length: the seconds to which they are cut.
  private func scores(
    by loaded: BackEndOptions.Loaded, testsOf middles: Embeddings? = nil, _ length: Double = .infinity
  ) throws -> [Float] {
    let trials = try communicator.agree {
      var trials = try TrialEmbeddings(
        middles ?? sets.whole, enrolments: middles == nil ? nil : sets.whole, map: plan.map)
      trials.longestTest = length
      return trials
    }
    return try loaded.scores(of: plan.list, trials, communicator, command.messages)
  }

  /// - Throws: `Failure(.usage)` where the mean is of another encoder's embeddings, as far as that is known.
  private func mean(_ source: String) throws -> [Float] {
    guard source != "own" else { return sets.whole.mean }
    let others = try EmbeddingFile.read(source)
    guard let theirs = others.encoder, let ours = sets.whole.encoder else {
      if communicator.rank == 0 {
        command.messages.note(
          "--subtract-mean \(source): it is not known whether its embeddings are of the same encoder as the trials'")
      }
      return others.mean
    }
    guard theirs == ours else {
      throw Failure(
        .usage,
        "--subtract-mean \(source): its embeddings are of another encoder (\(theirs.prefix(12))) than the trials' "
          + "(\(ours.prefix(12))): embed both with the same one")
    }
    return others.mean
  }

  /// Members of the JSON that tell which of several sets it is about.
  private var place: [(name: String, value: String)] {
    guard command.hasSeveralSets, let corpus = plan.corpus else { return [] }
    return [("corpus", JSONText.quoted(corpus)), ("list", JSONText.quoted(plan.list.path))]
  }

  /// Prints what scores are worth.
  /// - Parameter last: the origin of the last scores of whole utterances, which are those of --json and --scores; nil of
  ///   others.
  private func report(_ name: String, _ values: [Float], _ last: ScoreOrigin?) throws {
    try communicator.agree {
      guard communicator.rank == 0 else { return }
      if plan.list.isBlind {
        if last != nil { Swift.print("\(values.count.counted("trial")) without answers scored") }
      } else {
        let metrics = try DetectionMetrics(scores: values, targets: plan.list.targets)
        if !command.json { Swift.print("\(name)  \(metrics.summary)") }
        if command.json, last != nil { Swift.print(metrics.json(behind: place)) }
      }
      if let last, let scores = command.scores {
        try TrialScorer.write(values, of: plan.list, to: scores, origin: last)
      }
    }
  }
}
