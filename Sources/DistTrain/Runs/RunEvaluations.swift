import Foundation

/// The results of a run's evaluations in its folder, one file for each step.
package struct EvaluationResults {
  let folder: String

  /// - Parameter set: the name of one of `evaluation.sets`; nil for that of `corpus.evaluation`.
  package init(_ folder: RunFolder, set: String? = nil) {
    self.folder = folder.evaluationPath + (set.map { "/\($0)" } ?? "")
  }

  package func path(ofStep step: Int) -> String { "\(folder)/step-\(step).json" }

  /// A result, as far as its file tells it.
  struct Result: Decodable {
    /// In percent.
    let eer: Double
    /// By the prior probability of a target.
    let minDCF: [String: Double]?
    /// The number of trials.
    let trials: Int?
    /// Its step, which `bestResultPath` alone tells.
    let step: Int?

    /// - Returns: nil where there is no such file.
    /// - Throws: `Failure(.badData)` where it does not hold a result.
    init?(path: String) throws {
      guard FileSystem.exists(path) else { return nil }
      let json = try InputFile.contents(of: path)
      guard let result = try? JSONDecoder().decode(Result.self, from: Data(json)), (0...100).contains(result.eer) else {
        throw Failure(.badData, "\(path): is not the result of an evaluation and is left out")
      }
      self = result
    }
  }

  /// The EER in percent at a step; nil if that was not evaluated, or its result cannot be read.
  func eer(ofStep step: Int) -> Double? { (try? Result(path: path(ofStep: step)))?.eer }

  /// The results of those steps that were evaluated, in the order of the steps.
  /// - Parameter note: is called with a line about each that cannot be read.
  func results(ofSteps steps: [Int], note: (String) -> Void) -> [(step: Int, result: Result)] {
    steps.compactMap { step in
      do {
        return try Result(path: path(ofStep: step)).map { (step, $0) }
      } catch {
        note(Failure(error).message)
        return nil
      }
    }
  }

  /// The steps that there are results of, ascending.
  func steps() throws -> [Int] {
    guard FileSystem.isFolder(folder) else { return [] }
    return try FileSystem.names(in: folder).compactMap(step(ofName:)).sorted()
  }

  /// The first, lowest and last EER in a line; nil where nothing was evaluated.
  /// - Parameter title: the words in front of them.
  func summary(_ title: String) -> String? {
    let steps = (try? steps()) ?? []
    let course = steps.compactMap { step in eer(ofStep: step).map { (step: step, eer: $0) } }
    guard let first = course.first, let last = course.last, let best = course.min(by: { $0.eer < $1.eer }) else {
      return nil
    }
    func words(_ one: (step: Int, eer: Double)) -> String {
      "\(String(format: "%.2f", one.eer)) % at step \(one.step)"
    }
    let ends = first.step == last.step ? [words(last)] : [words(first), words(last)]
    let lowest = [first.step, last.step].contains(best.step) ? [] : ["lowest \(words(best))"]
    return "\(title) " + (ends + lowest).joined(separator: ", ")
  }

  /// The step whose result a file holds, by its name.
  private func step(ofName name: String) -> Int? {
    guard let step = Int(name.dropFirst("step-".count).prefix { $0.isNumber }) else { return nil }
    return name == FileSystem.name(of: path(ofStep: step)) ? step : nil
  }

  /// The file of the last step's scores, whose result is also in `lastResultPath`.
  var scoresPath: String { "\(folder)/scores" }
  var lastResultPath: String { "\(folder)/result.json" }

  /// Removes the results of the steps after the given one, which are yet to be taken, and what is kept of them.
  package func remove(after step: Int) throws {
    try removeKept(after: step)
    for other in try steps() where other > step { try FileSystem.remove(path(ofStep: other)) }
  }
}

/// Scores the trials of a run's held-out sets before the first step, every so many steps and after the last, once for
/// each step.
final class RunEvaluations {
  private let session: RunSession
  private let sets: [(set: HeldOutSet, results: EvaluationResults)]
  private let tensorBoard: TensorBoardLog?
  /// The seconds that the last evaluation of each set took; 0 before the first.
  private var took: [Double]
  /// The sets of which it was said that utterances are the mean of several channels.
  private var remarked: Set<Int> = []

  /// The seconds that an evaluation of all sets takes; 0 before the first.
  var seconds: Double { took.reduce(0, +) }

  /// All ranks call this together.
  /// - Parameter tensorBoard: also gets the results; nil on other ranks than the first.
  init(_ session: RunSession, _ tensorBoard: TensorBoardLog?) throws {
    self.session = session
    self.tensorBoard = tensorBoard
    let sets = session.heldOut.map { (set: $0, results: EvaluationResults(session.folder, set: $0.name)) }
    self.sets = sets
    took = Array(repeating: 0, count: sets.count)
    // Later the run folder may be gone, and must not come back as one without the run's lock.
    try session.communicator.agree {
      guard session.isFirstRank else { return }
      for one in sets where one.set.name != nil { try FileSystem.createFolder(one.results.folder) }
    }
  }

  /// Whether this step is one to evaluate at and a set has no result of it from before a resume. Only rank 0 knows.
  var isDue: Bool { sets.indices.contains(where: lacksResult) }

  /// Whether a set has no result of this step, if that is one to evaluate at.
  private func lacksResult(_ index: Int) -> Bool {
    isEvaluationStep && sets[index].results.eer(ofStep: session.trainer.step) == nil
  }

  private var isEvaluationStep: Bool {
    let (step, every) = (session.trainer.step, session.configuration.evaluation.everySteps)
    if step == 0 || step == session.steps { return true }
    return every > 0 && step % every == 0
  }

  /// The outcome of a call that may evaluate.
  enum Outcome {
    /// No evaluation was due.
    case notDue
    /// An evaluation was tried, and ranks may have been asked to stop meanwhile. The EER is that of `corpus.evaluation`,
    /// in percent; it is nil if its evaluation was not due or did not finish.
    case tried(eer: Double?)
  }

  /// Evaluates the sets that are due. Between the first and the last step, a recording that can no longer be read is no
  /// reason to stop training. A request to stop ends the scoring. All ranks call this together.
  func evaluateIfDue() throws -> Outcome {
    let (communicator, isFirstRank) = (session.communicator, session.isFirstRank)
    guard !sets.isEmpty, communicator.broadcast(isFirstRank && isDue) else { return .notDue }
    var eer: Double?
    for index in sets.indices where communicator.broadcast(isFirstRank && lacksResult(index)) {
      switch try attempt(index) {
      case .found(let own): if sets[index].set.name == nil { eer = own }
      case .failed: break
      case .stopped: return .tried(eer: eer)
      }
    }
    return .tried(eer: eer)
  }

  private enum Attempt {
    /// The EER in percent.
    case found(Double)
    case failed
    case stopped
  }

  private func attempt(_ index: Int) throws -> Attempt {
    let step = session.trainer.step
    let which = "evaluation" + (sets[index].set.name.map { " of \($0)" } ?? "")
    session.communicator.announce("the \(which) at step \(step)")
    let began = monotonicSeconds()
    do {
      let eer = try evaluate(index, step: step)
      took[index] = monotonicSeconds() - began
      return .found(eer)
    } catch let agreed as AgreedFailure where agreed.failure.kind == .stopped {
      return .stopped
    } catch let agreed as AgreedFailure where step > 0 && step < session.steps {
      session.note("warning: no \(which) at step \(step): \(agreed.failure.message); training continues")
      return .failed
    }
  }

  /// Scores the trials of a set and writes the result.
  /// - Returns: the EER in percent.
  private func evaluate(_ index: Int, step: Int) throws -> Double {
    let (set, results) = sets[index]
    let heldOut = set.evaluation
    let outcome = try heldOut.run(session.extractor, communicator: session.communicator) {
      StopRequest.received != nil
    }
    let metrics = outcome.metrics
    session.show(metrics, of: set)
    if remarked.insert(index).inserted { session.note(outcome.remark.map(set.note)) }
    try session.communicator.agree {
      guard session.isFirstRank else { return }
      try results.keep(outcome, of: heldOut, step: step, isLast: step == session.steps, note: session.note)
      // This file comes last: once it exists, the step is not evaluated again.
      try AtomicFile.write(metrics.json + "\n", to: results.path(ofStep: step))
      tensorBoard?.add(
        metrics, outcome.scores, targets: heldOut.targets, step: step, set: set.name, note: session.note)
    }
    return metrics.eer
  }
}

extension RunEvaluations: StepObserver {
  func wentBack(to step: Int) throws { try EvaluationResults.remove(after: step, in: session.folder) }
}
