import DistTrain
import Foundation
import TestTools
import Testing

@Suite struct ProgressReportTests {
  private let objectives = ["classification", "contrastive"]

  private func metrics(_ step: Int) -> StepMetrics {
    var metrics = StepMetrics(step: step, epoch: 2, objectives: objectives)
    metrics["classification"].loss = 6.1234
    metrics["contrastive"].loss = 3.21
    metrics["classification"].weight = 0.412
    metrics.learningRate = 0.0012
    metrics.utterancesPerSecond = 32.08
    metrics.totalSeconds = 0.25
    return metrics
  }

  @Test func `a line says where training stands`() {
    #expect(
      ProgressLine(metrics: metrics(100), steps: 600, secondsLeft: 129.2).text
        == "step 100/600  epoch 2  classification 6.123  contrastive 3.210  α 0.412  lr 1.2e-3  32.1 utterances/s  "
        + "2 min 10 s left")
  }

  @Test func `a line tells the stage where there are several`() {
    var staged = metrics(100)
    staged.stage = 2
    #expect(
      ProgressLine(metrics: staged, steps: 600, secondsLeft: nil).text.hasPrefix("step 100/600  stage 2  epoch 2  c"))
  }

  @Test func `numbers that do not apply are left out, losses that are none are seen`() {
    #expect(
      ProgressLine(
        metrics: StepMetrics(step: 7, epoch: 0, objectives: objectives), steps: 600, secondsLeft: nil
      ).text
        == "step   7/600  epoch 0  classification nan  contrastive nan")
  }

  @Test func `more than two losses have their weights, one alone has none`() {
    var three = StepMetrics(step: 7, epoch: 0, objectives: ["a", "b", "c"])
    for (index, weight) in [0.2, 0.3, 0.5].enumerated() {
      three.objectives[index].loss = Double(index)
      three.objectives[index].weight = weight
    }
    #expect(
      ProgressLine(metrics: three, steps: 9, secondsLeft: nil).text
        == "step 7/9  epoch 0  a 0.000  b 1.000  c 2.000  weights 0.200 0.300 0.500")
    let one = StepMetrics(step: 7, epoch: 0, objectives: ["a"])
    #expect(ProgressLine(metrics: one, steps: 9, secondsLeft: nil).text == "step 7/9  epoch 0  a nan")
  }

  @Test(arguments: [
    (0.0, "0 s"), (0.2, "1 s"), (59, "59 s"), (59.5, "1 min 00 s"), (130, "2 min 10 s"), (3599, "59 min 59 s"),
    (3840, "1 h 04 min"), (86_399, "23 h 59 min"), (266_400, "3 d 2 h"), (.infinity, "?"), (.nan, "?"), (-1, "0 s"),
  ])
  func `durations are in two units`(seconds: Double, text: String) {
    #expect(TimeWords.about(seconds) == text)
  }

  @Test func `a bar shows the share and fits the terminal`() {
    let line = ProgressLine(metrics: metrics(240), steps: 600, secondsLeft: 45)
    #expect(line.bar(columns: 200) == "[########            ]  40 %  " + line.text)
    #expect(line.bar(columns: line.text.count + 29) == "[####      ]  40 %  " + line.text)
    for columns in 0...160 { #expect(line.bar(columns: columns).count <= columns) }
    #expect(ProgressLine(metrics: metrics(0), steps: 0, secondsLeft: nil).bar(columns: 31) == "100 %  step 0/0")
  }

  @Test(arguments: [
    (
      110,
      "[####      ]  40 %  step 240/600  epoch 2  class 6.123  contr 3.210  α 0.412  lr 1.2e-3  32.1 utt/s  45 s left"
    ),
    (80, " 40 %  step 240/600  class 6.123  contr 3.210  α 0.412  32.1 utt/s  45 s left"),
    (60, " 40 %  step 240/600  class 6.123  contr 3.210  45 s left"), (40, " 40 %  step 240/600  45 s left"),
    (25, " 40 %  step 240/600"), (10, "step 240/6"), (0, ""),
  ])
  func `where a line is too long, the time left goes last`(columns: Int, text: String) {
    #expect(ProgressLine(metrics: metrics(240), steps: 600, secondsLeft: 45).bar(columns: columns) == text)
  }

  @Test func `a command's line has the rate and the time left`() {
    #expect(
      WorkLine(done: 300, count: 1200, things: "utterances embedded", seconds: 6).text
        == "300 of 1200 utterances embedded, 50.0/s, 18 s left")
    #expect(WorkLine(done: 0, count: 3, things: "shards read", seconds: 5).text == "0 of 3 shards read")
    #expect(WorkLine(done: 1, count: 3, things: "shards read", seconds: 0).text == "1 of 3 shards read")
    #expect(
      WorkLine(done: 4, count: 3, things: "shards read", seconds: 8).text == "4 of 3 shards read, 0.500/s, 0 s left")
    #expect([1234.5, 99.94, 9.994, 0.0101].map(WorkLine.rate) == ["1234", "99.9", "9.99", "0.010"])
  }

  @Test func `elsewhere than on a terminal there are plain lines, every so many steps and at the last`() throws {
    let output = try written { descriptor in
      let report = ProgressReport(steps: 25, everySteps: 10, descriptor: descriptor)
      for step in 1...25 { report.report(metrics(step)) }
      report.note("checkpoint saved")
      report.finish()
    }
    let lines = output.split(separator: "\n", omittingEmptySubsequences: false).map {
      $0.split(separator: "  ").first ?? ""
    }
    #expect(lines == ["step 10/25", "step 20/25", "step 25/25", "checkpoint saved", ""])
    #expect(output.contains("4 s left\nstep 20"))
    #expect(output.contains("0 s left\ncheckpoint"))
  }

  @Test func `on a terminal one line is written over at each step`() throws {
    let output = try written { descriptor in
      let report = ProgressReport(steps: 25, everySteps: 10, descriptor: descriptor, isTerminal: true)
      for step in 1...3 { report.report(metrics(step)) }
      report.note("checkpoint saved")
      report.report(metrics(4))
      report.finish()
      report.finish()
    }
    let parts = output.split(separator: "\r", omittingEmptySubsequences: false)
    #expect(parts.count == 6)
    #expect(parts[1].contains("step  1/25") && parts[1].hasSuffix("\u{1B}[K"))
    #expect(parts[4] == "\u{1B}[Kcheckpoint saved\n")
    #expect(parts[5].hasSuffix("\u{1B}[K\n"))
  }

  @Test func `what was said before is counted, and its count comes at the end`() throws {
    let output = try written { descriptor in
      let report = ProgressReport(steps: 10, everySteps: 1, descriptor: descriptor)
      for text in ["warning: a", "b", "warning: a", "a", "b", "warning: a", "warning: a"] { report.note(text) }
      report.finish()
      report.note("b")
      report.end(.finished, "b", step: 10, folder: "runs/x")
      report.finish()
    }
    #expect(output == "warning: a\nb\na\nwarning: a (3 more times)\nb (1 more time)\nb (1 more time)\nb\n")
  }

  @Test func `a run with ever new remarks does not keep them all`() {
    var remarks = RepeatedRemarks()
    let areNew = ((0...10_000).map(String.init) + ["9999", "10000"]).map { remarks.isNew(Remark($0)) }
    #expect(areNew == Array(repeating: true, count: 10_001) + [false, true])
    let counts = [remarks.takeCounts(), remarks.takeCounts()].map { $0.map(\.line) }
    #expect(counts == [["9999 (1 more time)"], []])
  }

  private struct Event: Decodable {
    let event: String
    let text: String?
    let step: Int?
    let classificationLoss: Double?
    let steps: Int?
    let differing: String?
    let machine: String?
    let status: String?
    let folder: String?
  }

  @Test func `JSON has an object for each remark, each step that is due and the end, and no bar`() throws {
    let settings = Configuration()
    let output = try written { descriptor in
      let report = ProgressReport(
        steps: 25, everySteps: 10, display: RunDisplay(format: .json), descriptor: descriptor, isTerminal: true)
      report.introduce(settings, machine: "1 rank on 1 host")
      for step in 1...25 { report.report(metrics(step)) }
      for text in ["warning: a \"b\"", "note: c", "d", "d"] { report.note(text) }
      report.end(.stopped, "stopped by SIGTERM", step: 25, folder: "runs/x")
      report.finish()
    }
    let events = try output.split(separator: "\n").map { try JSONDecoder().decode(Event.self, from: Data($0.utf8)) }
    let kinds = ["settings", "step", "step", "step", "warning", "note", "note", "note", "end"]
    try #require(events.map(\.event) == kinds)
    let texts = ["a \"b\"", "c", "d", "d (1 more time)", "stopped by SIGTERM"]
    #expect(events.compactMap(\.text) == texts)
    #expect(events.compactMap(\.step) == [10, 20, 25, 25])
    #expect(events[1].classificationLoss == 6.1234 && events[1].steps == 25)
    #expect(events[0].differing == settings.differingYAML && events[0].machine == "1 rank on 1 host")
    #expect(events[8].status == "stopped" && events[8].folder == "runs/x")
  }

  @Test(arguments: RunDisplay.Format.allCases)
  func `a quiet run tells its end, and of the rest warnings alone, on standard error`(
    format: RunDisplay.Format
  ) throws {
    try withScratchFolder { folder in
      let paths = ["output", "errors"].map { "\(folder)/\($0)" }
      let descriptors = paths.map { open($0, O_WRONLY | O_CREAT, 0o600) }
      let report = ProgressReport(
        steps: 3, everySteps: 1, display: RunDisplay(format: format, isQuiet: true), descriptor: descriptors[0],
        errors: descriptors[1], isTerminal: true)
      report.introduce(Configuration(), machine: "1 rank on 1 host")
      for step in 1...3 { report.report(metrics(step)) }
      for text in ["note: a", "b", "warning: c", "warning: c"] { report.note(text) }
      report.end(.finished, "done", step: 3, folder: "runs/x")
      report.finish()
      for descriptor in descriptors { close(descriptor) }
      let end = "{\"event\":\"end\",\"status\":\"done\",\"step\":3,\"folder\":\"runs/x\",\"text\":\"done\"}\n"
      let (shown, complaints) = (try read(paths[0]), try read(paths[1]))
      #expect(shown == (format == .text ? "done\n" : end))
      #expect(complaints == "warning: c\nwarning: c (1 more time)\n")
    }
  }

  @Test func `one late step hardly changes the time left`() throws {
    let output = try written { descriptor in
      let report = ProgressReport(steps: 1000, everySteps: 100, descriptor: descriptor)
      for step in 1...200 {
        var metrics = metrics(step)
        metrics.totalSeconds = step == 150 ? 20 : 1
        report.report(metrics)
      }
    }
    #expect(output.contains("15 min 00 s left\n"))
    let last = try #require(output.split(separator: "\n").last)
    #expect(last.hasSuffix("14 min 19 s left"), "\(last)")
  }

  @Test func `nobody reading is no error`() {
    let report = ProgressReport(steps: 10, everySteps: 1, descriptor: -1)
    for step in 1...10 { report.report(metrics(step)) }
    report.finish()
  }

  @Test func `a full disk leaves lines out, and the ones after it come`() throws {
    let output = try written { descriptor in
      let report = ProgressReport(steps: 10, everySteps: 1, descriptor: descriptor)
      report.note("before")
      let own = dup(descriptor)
      let full = open("/dev/full", O_WRONLY)
      dup2(full, descriptor)
      report.note("meanwhile")
      dup2(own, descriptor)
      report.note("after")
      close(own)
      close(full)
    }
    #expect(output == "before\nafter\n")
  }

  private func written(_ body: (Int32) -> Void) throws -> String {
    try withScratchFolder { folder in
      let descriptor = open(folder + "/output", O_WRONLY | O_CREAT, 0o600)
      body(descriptor)
      close(descriptor)
      return try read(folder + "/output")
    }
  }
}
