import Foundation

/// The results of a run's evaluations in its folder, one file for each step.
struct EvaluationResults {
  let folder: String

  init(_ folder: RunFolder) {
    self.folder = folder.evaluationPath
  }

  func path(ofStep step: Int) -> String { "\(folder)/step-\(step).json" }

  /// A result, as far as its file tells it.
  struct Result: Decodable {
    /// In percent.
    let eer: Double
    /// By the prior probability of a target.
    let minDCF: [String: Double]?
  }

  /// The result at a step; nil if that was not evaluated.
  func result(ofStep step: Int) -> Result? {
    guard let json = try? InputFile.contents(of: path(ofStep: step)) else { return nil }
    return try? JSONDecoder().decode(Result.self, from: Data(json))
  }

  /// The EER in percent at a step; nil if that was not evaluated.
  func eer(ofStep step: Int) -> Double? { result(ofStep: step)?.eer }

  /// The steps that there are results of, ascending.
  func steps() throws -> [Int] {
    guard FileSystem.isFolder(folder) else { return [] }
    return try FileSystem.names(in: folder).compactMap(step(ofName:)).sorted()
  }

  /// The first, lowest and last EER in a line; nil where nothing was evaluated.
  var summary: String? {
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
    return "held-out EER " + (ends + lowest).joined(separator: ", ")
  }

  /// The step whose result a file holds, by its name.
  private func step(ofName name: String) -> Int? {
    guard let step = Int(name.dropFirst("step-".count).prefix { $0.isNumber }) else { return nil }
    return name == FileSystem.name(of: path(ofStep: step)) ? step : nil
  }

  /// The file of the last step's scores, whose result is also in `lastResultPath`.
  var scoresPath: String { "\(folder)/scores" }
  var lastResultPath: String { "\(folder)/result.json" }

  /// Removes the results of the steps after the given one, which are yet to be taken.
  func remove(after step: Int) throws {
    for other in try steps() where other > step { try FileSystem.remove(path(ofStep: other)) }
  }
}

/// Scores a run's held-out trials before the first step, every so many steps and after the last, once for each step.
final class RunEvaluations {
  private let session: RunSession
  private let results: EvaluationResults
  private let tensorBoard: TensorBoardLog?
  /// The seconds that the last evaluation took; 0 before the first.
  private(set) var seconds = 0.0
  /// Whether it was said that utterances are the mean of several channels.
  private var hasRemarked = false

  /// - Parameter tensorBoard: also gets the results; nil on other ranks than the first.
  init(_ session: RunSession, _ tensorBoard: TensorBoardLog?) {
    self.session = session
    self.tensorBoard = tensorBoard
    results = EvaluationResults(session.folder)
  }

  /// Whether this step is one to evaluate at and has no result from before a resume. Only rank 0 knows.
  var isDue: Bool {
    session.heldOut != nil && isEvaluationStep && results.eer(ofStep: session.trainer.step) == nil
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
    /// An evaluation was tried, and ranks may have been asked to stop meanwhile. The EER is in percent; it is nil if
    /// the evaluation did not finish.
    case tried(eer: Double?)
  }

  /// Evaluates if that is due. Between the first and the last step, a recording that can no longer be read is no reason
  /// to stop training. A request to stop ends the scoring. All ranks call this together.
  func evaluateIfDue() throws -> Outcome {
    let (communicator, step) = (session.communicator, session.trainer.step)
    guard let heldOut = session.heldOut, communicator.broadcast(session.isFirstRank && isDue) else { return .notDue }
    communicator.announce("the evaluation at step \(step)")
    let began = monotonicSeconds()
    do {
      let eer = try evaluate(heldOut, step: step)
      seconds = monotonicSeconds() - began
      return .tried(eer: eer)
    } catch let agreed as AgreedFailure where agreed.failure.kind == .stopped {
      return .tried(eer: nil)
    } catch let agreed as AgreedFailure where step > 0 && step < session.steps {
      session.note("warning: no evaluation at step \(step): \(agreed.failure.message); training continues")
      return .tried(eer: nil)
    }
  }

  /// Scores the trials and writes the result.
  /// - Returns: the EER in percent.
  private func evaluate(_ heldOut: HeldOutEvaluation, step: Int) throws -> Double {
    let outcome = try heldOut.run(session.extractor, communicator: session.communicator) {
      StopRequest.received != nil
    }
    let metrics = outcome.metrics
    session.note("step \(step)/\(session.steps)  held-out \(metrics.summary)")
    if !hasRemarked, let remark = outcome.remark { session.note("note: held-out evaluation: \(remark)") }
    hasRemarked = true
    try session.communicator.agree {
      guard session.isFirstRank else { return }
      if step == session.steps {
        try AtomicFile.write(metrics.json + "\n", to: results.lastResultPath)
        try heldOut.write(outcome.scores, to: results.scoresPath)
      }
      // This file comes last: once it exists, the step is not evaluated again.
      try AtomicFile.write(metrics.json + "\n", to: results.path(ofStep: step))
      tensorBoard?.add(metrics, outcome.scores, targets: heldOut.targets, step: step, note: session.note)
    }
    return metrics.eer
  }
}

extension RunEvaluations: StepObserver {
  func wentBack(to step: Int) throws { try results.remove(after: step) }
}
