import DistTrain
import TestTools
import Testing

@Suite struct TensorBoardLogTests {
  private func withLog(_ body: (RunFolder, TensorBoardLog) throws -> Void) throws {
    try withScratchFolder { folder in
      let run = try RunFolder(creating: folder + "/run")
      try body(run, TensorBoardLog(run, Configuration(), after: 0))
    }
  }

  /// The records that a run's files end with.
  private func expect(_ record: [UInt8], behind time: Int = 9, in run: RunFolder) throws {
    let name = try #require(TensorBoardLog.names(in: run.path).last)
    let bytes = try InputFile.contents(of: "\(run.path)/\(name)").suffix(record.count)
    // Checksums and the time of day differ.
    let (own, other) = (bytes.dropFirst(12 + time).dropLast(4), record.dropFirst(12 + time).dropLast(4))
    #expect(Array(own) == Array(other))
  }

  @Test func `files of starts within a second, or before a clock that goes wrong, follow each other`() throws {
    try withLog { run, _ in
      _ = try TensorBoardLog(run, Configuration(), after: 5)
      #expect(try TensorBoardLog.names(in: run.path).count == 2)
      for seconds in ["9000000000", "9223372036854775807", "x"] {
        try write("", to: "\(run.path)/events.out.tfevents.\(seconds).host.svdist")
      }
      _ = try TensorBoardLog(run, Configuration(), after: 5)
      let names = try TensorBoardLog.names(in: run.path)
      #expect(names.count == 6 && names.contains { $0.hasPrefix("events.out.tfevents.9000000001.") })
    }
  }

  @Test func `a step has the numbers of its line, but for those that are none`() throws {
    try withLog { run, log in
      var metrics = StepMetrics(step: 7, epoch: 0, objectives: ["classification"])
      (metrics.objectives[0].loss, metrics.learningRate) = (1.5, 0.25)
      (metrics.totalSeconds, metrics.skipped) = (2, 0)
      log.took(StepReport(metrics: metrics)) { Issue.record("\($0)") }
      let values: [TensorBoardEvent.Value] = [
        .scalar("loss/classificationLoss", 1.5), .scalar("schedule/learningRate", 0.25),
        .scalar("time/totalSeconds", 2), .scalar("batch/skipped", 0),
      ]
      try expect(TensorBoardEvent(time: 0, step: 7, values).record, in: run)
      try log.wentBack(to: 3)
      try expect(TensorBoardEvent.start(time: 0, step: 4).record, in: run)
    }
  }

  @Test(arguments: [nil, "an4"])
  func `an evaluation has its figures and the scores of both kinds, in the group of its set`(set: String?) throws {
    let group = set.map { "evaluation/\($0)" } ?? "evaluation"
    try withLog { run, log in
      let (scores, targets): ([Float], [Bool]) = ([0.9, 0.1, 0.8, -0.2, 0.3], [true, false, true, false, true])
      let metrics = try DetectionMetrics(scores: scores, targets: targets)
      log.add(metrics, scores, targets: targets, step: 9, set: set) { Issue.record("\($0)") }
      let values: [TensorBoardEvent.Value] = [
        .scalar("\(group)/EER", Float(metrics.eer)),
        .scalar("\(group)/minDCF(0.01)", Float(metrics.minDCF(prior: 0.01))),
        .scalar("\(group)/minDCF(0.05)", Float(metrics.minDCF(prior: 0.05))),
        .histogram("\(group)/targetScores", .init(cosines: [0.9, 0.8, 0.3])),
        .histogram("\(group)/nonTargetScores", .init(cosines: [0.1, -0.2])),
      ]
      try expect(TensorBoardEvent(time: 0, step: 9, values).record, in: run)
    }
  }
}
