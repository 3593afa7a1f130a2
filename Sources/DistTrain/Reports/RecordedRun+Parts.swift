import Foundation

/// How the parts of a run folder are read.
extension RecordedRun {
  static func settings(_ folder: RunFolder) -> Result<Configuration, Failure> {
    guard FileSystem.exists(folder.configurationPath) else {
      return .failure(Failure(.badData, "\(folder.configurationPath) is not there"))
    }
    do {
      return .success(try StoredSettings(folder).read())
    } catch {
      return .failure(Failure(error))
    }
  }

  /// The first start first.
  static func starts(_ folder: RunFolder, _ faults: inout ReadingFaults) -> [RunHistory.Start] {
    var damaged = DamagedLines()
    let starts = faults.reading { try RunHistory(folder).starts { damaged.add($0) } }
    if let remark = damaged.remark(of: "start", "starts") { faults.add("\(folder.historyPath): \(remark)") }
    return starts ?? []
  }

  /// By ascending steps.
  static func evaluations(_ results: EvaluationResults, _ faults: inout ReadingFaults) throws -> [Evaluation] {
    let steps = try results.steps().filter { $0 <= RunCourse.mostSteps }
    return results.results(ofSteps: steps) { faults.add($0) }.map { step, result in
      Evaluation(step: step, eer: result.eer, minDCF: result.minDCF ?? [:])
    }
  }

  /// The trials of the scores that are shown, with what is known of their utterances; nil where either are not kept.
  static func trials(
    _ last: Result<RecordedScores, Failure>?, _ best: Result<RecordedScores, Failure>?,
    _ utterances: Result<RecordedUtterances, Failure>?
  ) -> Result<KnownTrials, Failure>? {
    guard let utterances, let scores = [last, best].compactMap(\.self).first(where: \.isSuccess) ?? last ?? best else {
      return nil
    }
    return Result { try KnownTrials(scores.get(), utterances.get()) }.mapError { Failure($0) }
  }

  /// Where the embeddings lie that a run keeps; nil where it keeps none, or not whose they are.
  static func picture(
    _ results: EvaluationResults, _ utterances: Result<RecordedUtterances, Failure>?, _ faults: inout ReadingFaults
  ) -> Result<SpeakerPicture, Failure>? {
    let read = faults.result { try KeptEmbeddings(path: results.embeddingsPath) }
    guard let read, let utterances else { return nil }
    guard let embeddings = try? read.get(), let utterances = try? utterances.get() else {
      return .failure(Failure(.badData, "\(results.embeddingsPath): not shown"))
    }
    return faults.result { try SpeakerPicture(embeddings, of: utterances) }
  }

  /// The contents of the corpus as the newest checkpoint has them; nil where none is kept. What a checkpoint's tensors
  /// hold is not looked at.
  static func corpus(_ folder: RunFolder) throws -> String? {
    guard let step = try folder.checkpoints.steps().last else { return nil }
    let path = folder.checkpoints.folder(step: step) + "/" + Checkpoint.stateFile
    return try TrainingState(json: InputFile.contents(of: path), path: path).corpus
  }

  /// The list of what is left out of a data directory lies in it, or in the folder of its divisions.
  static func leftOut(besides corpus: String) throws -> [(kind: String, count: Int)]? {
    try kinds("\(corpus)/\(PreparedCorpus.leftOutName)")
      ?? kinds("\(FileSystem.folder(of: corpus))/\(PreparedCorpus.leftOutName)")
  }

  /// The reasons in the last column of a list with a line of names, the most frequent first; nil where there is no list.
  static func kinds(_ path: String) throws -> [(kind: String, count: Int)]? {
    guard FileSystem.exists(path) else { return nil }
    var counts: [String: Int] = [:]
    for line in try InputFile.contents(of: path).split(separator: UInt8(ascii: "\n")).dropFirst() {
      let reason = line.split(separator: UInt8(ascii: "\t"), omittingEmptySubsequences: false).last ?? []
      counts[LeftOut.kind(of: String(decoding: reason, as: UTF8.self)), default: 0] += 1
    }
    return counts.map { (kind: $0.key, count: $0.value) }.sorted { ($1.count, $0.kind) < ($0.count, $1.kind) }
  }
}

extension Result {
  fileprivate var isSuccess: Bool { (try? get()) != nil }
}
