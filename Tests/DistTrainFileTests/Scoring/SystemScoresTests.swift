import DistTrain
import TestTools
import Testing

@Suite struct SystemScoresTests {
  /// Two systems' scores of trials with answers; each sees a part of what tells them apart.
  private func write(_ folder: String, answers: Bool = true) throws -> [String] {
    var stream = RandomStream(seed: 9, purpose: .test)
    var lines = ["", ""]
    for trial in 0..<300 {
      let isTarget = trial % 3 == 0
      for system in 0..<2 {
        let score = stream.normal() * (system == 0 ? 1 : 10) + (isTarget ? 1 : 0) * (system == 0 ? 1 : 10)
        lines[system] += "e\(trial % 7) t\(trial) \(score)\(answers ? isTarget ? " target" : " nontarget" : "")\n"
      }
    }
    let paths = ["a", "b"].map { folder + "/" + $0 }
    for (path, text) in zip(paths, lines) { try TestTools.write(text, to: path) }
    return paths
  }

  @Test func `systems are weighed by what they tell, in their own units`() throws {
    try withScratchFolder { folder in
      let shown = CountedWork()
      let systems = try SystemScores(write(folder), counting: shown.counting)
      let fusion = try systems.fusion(prior: 0.5)
      // Both tell alike of normal scores at a distance of one deviation: the ratio is the sum of both less its middle.
      #expect(abs(fusion.weights[0] - 1) < 0.35 && abs(fusion.weights[1] - 0.1) < 0.035, "\(fusion.weights)")
      let fused = systems.fused(by: fusion, counting: shown.counting)
      let (read, trials) = (CountedWork.Work("files of scores read", count: 2, done: 2, isOver: true), fused.count)
      #expect(
        shown.works == [read, CountedWork.Work("trials fused", count: trials, done: 300, isOver: true)] && trials == 300
      )
      let first = Double(try ScoreList.read(folder + "/a").scores[7])
      let second = Double(try ScoreList.read(folder + "/b").scores[7])
      #expect(abs(Double(fused[7]) - fusion.offset - fusion.weights[0] * first - fusion.weights[1] * second) < 1e-5)
      let alone = try DetectionMetrics(scores: ScoreList.read(folder + "/a").scores, targets: systems.list.targets)
      #expect(try DetectionMetrics(scores: fused, targets: systems.list.targets).eer < alone.eer)
    }
  }

  @Test func `scores without answers are no reference`() throws {
    try withScratchFolder { folder in
      let systems = try SystemScores(write(folder, answers: false))
      #expect(failure { _ = try systems.fusion(prior: 0.5) }?.kind == .usage)
    }
  }

  @Test(arguments: [
    ("e t 1 target\nf u 2 nontarget\n", 2), ("e t 1 nontarget\ne u 2 target\n", 1),
  ])
  func `scores of other trials are told with the file and the trial`(_ other: String, _ trial: Int) throws {
    try withScratchFolder { folder in
      try TestTools.write("e t 1 target\ne u 2 nontarget\n", to: folder + "/c")
      try TestTools.write(other, to: folder + "/d")
      let told = failure { _ = try SystemScores([folder + "/c", folder + "/d"]) }
      #expect(
        told?.message.hasPrefix("\(folder)/d: its trial \(trial), or the answer to it, is not that of \(folder)/c")
          == true)
    }
  }
}
