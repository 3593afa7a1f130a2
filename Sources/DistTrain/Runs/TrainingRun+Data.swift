/// What a run says of its data.
extension TrainingRun {
  func openDataLogs() throws {
    try communicator.agree {
      guard isFirstRank else { return }
      if FileSystem.exists(folder.badUtterancesPath) {
        badUtteranceLog = try BadUtteranceLog(path: folder.badUtterancesPath, after: trainer.step)
      }
      guard options.logsBatches else { return }
      batchLog = try StepLog(path: folder.batchesPath)
      try batchLog?.cutBack(to: trainer.step)
    }
  }

  /// Says of each utterance once that it cannot be read, and lists it: its copies at other speeds are the same recording.
  func record(_ unreadable: [BatchLoader.Unreadable], step: Int) {
    guard !unreadable.isEmpty else { return }
    let corpus = trainer.plan.corpus
    let new = Set(unreadable.map(\.utterance))
    var known = Set(trainer.unreadable.filter { !new.contains($0) }.map { corpus.listedID($0) })
    for one in unreadable {
      let id = corpus.listedID(one.utterance)
      guard known.insert(id).inserted else { continue }
      note("utterance \(id) is replaced by others of its speaker from now on: \(one.reason)")
      do {
        if badUtteranceLog == nil {
          badUtteranceLog = try BadUtteranceLog(path: folder.badUtterancesPath, after: step - 1)
        }
        try badUtteranceLog?.append(
          step: step, id: id, path: corpus.utterances[one.utterance].path, reason: one.reason)
      } catch {
        note("warning: the utterance is not in the list: \(error)")
      }
    }
  }

  /// Ends the run where more of the corpus is unreadable than it may be; the steps so far are kept.
  /// - Throws: `AgreedFailure`, on all ranks: all know the same utterances.
  func checkBadFraction() throws {
    let lost = trainer.plan.corpus.lost
    let bad = trainer.unreadable.count + lost
    let all = trainer.plan.corpus.utterances.count + lost
    guard Double(bad) > options.maxBadFraction * Double(all) else { return }
    if trainer.step > 0 { try saveOrWarn() }
    let percent = 100 * Double(bad) / Double(all)
    try communicator.agree {
      throw Failure(
        .badData,
        "\(bad) of \(all) utterances (\((percent * 10).rounded() / 10) %) cannot be read, more than --max-bad-fraction "
          + "\(options.maxBadFraction) allows; "
          + (lost == bad ? "" : "\(folder.badUtterancesPath) lists \(lost == 0 ? "them" : "\(bad - lost)"); ")
          + (lost == 0 ? "" : "\(lost) are in damaged shards; ")
          + "repair the files, or leave them out with svdist prepare")
    }
  }

  /// Adds the step's rows to `batches.jsonl`: all ranks call this together.
  func recordBatch(_ metrics: StepMetrics) {
    guard options.logsBatches else { return }
    let plan = trainer.plan
    let own = trainer.loadedRows.map { $0.json(plan.corpus, plan.loader.augmentation) }.joined(separator: ",")
    let rows = communicator.gather(own).joined(separator: ",")
    let seconds = JSONText.number(plan.cropLengths.seconds(step: metrics.step - 1))
    do {
      try batchLog?.append(
        "{\"step\":\(metrics.step),\"epoch\":\(metrics.epoch),\"seconds\":\(seconds),\"rows\":[\(rows)]}")
    } catch {
      note("the step's batch is not in the log: \(error)")
    }
  }
}
