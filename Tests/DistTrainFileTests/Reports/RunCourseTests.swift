import DistTrain
import TestTools
import Testing

@Suite struct RunCourseTests {
  private func line(_ step: Int, loss: Double = 1, speed: Double = 10, seconds: Double = 2) -> String {
    var metrics = StepMetrics(step: step, epoch: step / 3, objectives: ["classification", "contrastive"])
    metrics["classification"].loss = loss
    metrics["classification"].weight = 0.25
    (metrics.utterancesPerSecond, metrics.totalSeconds, metrics.elapsedSeconds) = (speed, seconds, 3 * Double(step))
    return metrics.json
  }

  private func course(_ lines: [String], bins: Int = 100) throws -> RunCourse {
    try withScratchFolder { folder in
      try write(lines.map { $0 + "\n" }.joined(), to: folder + "/metrics.jsonl")
      return try RunCourse(path: folder + "/metrics.jsonl", bins: bins)
    }
  }

  @Test func `sums and last numbers are those of the steps`() throws {
    let course = try course([
      line(1, speed: 10, seconds: 2), line(2, speed: 30, seconds: 6), line(3, speed: 20, seconds: 2),
    ])
    #expect(course.count == 3)
    #expect(course.steps == 1...3)
    #expect(course.epoch == 1)
    #expect(course.objectives == ["classification", "contrastive"])
    // 20, 180 and 40 utterances in 10 seconds.
    #expect(course.utterancesPerSecond == 24)
    #expect(course.seconds("totalSeconds") == 10)
    #expect(course.elapsed == 9)
    #expect(course.series("alpha")?.bins.map(\.mean) == [0.25, 0.25, 0.25])
    #expect(course.series("contrastiveLoss") == nil)
    #expect(course.remark == nil)
  }

  @Test func `an old log has the time of its steps, and no numbers that it lacks`() throws {
    let course = try course([#"{"step":1,"epoch":0,"totalSeconds":4}"#, #"{"step":2,"epoch":0,"totalSeconds":5}"#])
    #expect(course.elapsed == 9)
    #expect(course.utterancesPerSecond == nil)
    #expect(course.series("learningRate") == nil)
    #expect(course.objectives.isEmpty)
  }

  @Test func `lines that are no steps, come again or are cut short are counted and left out`() throws {
    try withScratchFolder { folder in
      let path = folder + "/metrics.jsonl"
      let lines = [
        line(1), "{\"step\":2,", line(3), line(3), line(2), String(repeating: "x", count: 100_000), line(-4),
      ]
      try write(lines.joined(separator: "\n") + "\n" + line(4).prefix(30), to: path)
      let course = try RunCourse(path: path, bins: 10)
      #expect(course.count == 2)
      #expect(course.faults.count == 6)
      #expect(course.remark == "6 lines are no whole steps and are left out: 2, 4, 5, …")
      try write(line(1) + "\n" + line(2).dropLast(3), to: path)
      #expect(try RunCourse(path: path, bins: 10).remark == "line 2 is no whole step and is left out")
    }
  }

  @Test func `steps that have no line are counted, but for those of damaged lines`() throws {
    #expect(try course([line(1), line(2), line(5), line(6)]).remark == "2 steps of 1 to 6 lacking")
    #expect(try course([line(1), "{\"step\":2", line(3)]).remark == "line 2 is no whole step and is left out")
    let both = try course([line(1), "x", line(3), line(5)]).remark
    #expect(both == "line 2 is no whole step and is left out; 1 step of 1 to 5 lacking")
  }

  @Test func `a log of more than a block is read whole`() throws {
    let course = try course((1...6000).map { line($0, loss: Double($0)) }, bins: 50)
    #expect(course.count == 6000)
    let losses = try #require(course.series("classificationLoss"))
    #expect(losses.bins.count <= 50)
    #expect(losses.bins.first?.least == 1)
    #expect(losses.bins.last?.greatest == 6000)
    #expect(losses.bins.reduce(0) { $0 + $1.count } == 6000)
  }

  @Test func `numbers that are steps of nothing are no trap`() throws {
    let huge = #"{"step":1,"epoch":9223372036854775807,"classificationLoss":1e308,"alpha":-1e308,"totalSeconds":1e308}"#
    let course = try course([huge, #"{"step":9223372036854775807,"epoch":0}"#, #"{"step":1.5,"epoch":0}"#])
    #expect(course.steps == 1...1)
    #expect(course.series("classificationLoss")?.bins.isEmpty == true)
  }

  @Test(arguments: ["", "x\ny\n"])
  func `a log without a step is refused`(_ text: String) throws {
    try withScratchFolder { folder in
      try write(text, to: folder + "/metrics.jsonl")
      let refusal = failure { _ = try RunCourse(path: folder + "/metrics.jsonl", bins: 10) }
      #expect(refusal?.kind == .badData)
      #expect(refusal?.message.contains("step") == true)
    }
  }
}
