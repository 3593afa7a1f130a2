import DistTrain
import Foundation
import Synchronization
import TestTools
import Testing

/// What is recorded of every rank's time.
@Suite struct RankLogTests {
  private struct Line: Decodable, Equatable {
    let step: Int
    let steps: Int
    let hosts: [String]
    let loadSeconds: [Double]
    let computeSeconds: [Double]
    let communicateSeconds: [Double]
  }

  private func report(_ step: Int, _ load: Double, _ compute: Double) -> StepReport {
    var metrics = StepMetrics(step: step, epoch: 0)
    (metrics.loadSeconds, metrics.forwardSeconds, metrics.backwardSeconds) = (load, compute / 4, 3 * compute / 4)
    metrics.communicateSeconds = 0.5
    return StepReport(metrics: metrics)
  }

  /// Takes steps on three ranks, of which rank 2 has half the rows.
  /// - Parameter seconds: gives the seconds of waiting and computation of a rank in a step.
  private func lines(
    _ folder: TestFolder, steps: ClosedRange<Int>,
    _ seconds: @escaping @Sendable (_ rank: Int, _ step: Int) -> (Double, Double)
  ) throws -> (lines: [Line], notes: [String]) {
    let path = folder.path("ranks.jsonl")
    let notes = Mutex<[String]>([])
    _ = try ThreadCommunicator.run(ranks: 3) { communicator in
      let log = RankLog(
        path: path, after: steps.lowerBound - 1, last: steps.upperBound, communicator: communicator,
        rows: { [8, 8, 4] }, note: { _ in })
      for step in steps {
        let (load, compute) = seconds(communicator.rank, step)
        log.took(report(step, load, compute)) { line in
          if communicator.rank == 0 { notes.withLock { $0.append(line) } }
        }
      }
    }
    let text = try String(contentsOfFile: path, encoding: .utf8)
    return (
      try text.split(separator: "\n").map { try JSONDecoder().decode(Line.self, from: Data($0.utf8)) },
      notes.withLock { $0 }
    )
  }

  @Test func `a line has the sums of a stretch, also of a last one that is shorter, and goes on where a run resumes`()
    throws
  {
    let folder = try TestFolder()
    let (first, notes) = try lines(folder, steps: 1...250) { rank, _ in (0.25, rank == 2 ? 0.5 : 1) }
    #expect(first.map(\.step) == [100, 200, 250] && first.map(\.steps) == [100, 100, 50])
    #expect(first[0].loadSeconds == [25, 25, 25] && first[2].computeSeconds == [50, 50, 25])
    #expect(first[1].communicateSeconds == [50, 50, 50] && first[0].hosts.count == 3)
    #expect(notes.isEmpty)
    // The steps after 150 are taken again.
    let (again, _) = try lines(folder, steps: 151...300) { _, _ in (0, 1) }
    #expect(again.map(\.step) == [100, 200, 300] && again[0] == first[0])
    #expect(again[1].steps == 50 && again[1].computeSeconds == [50, 50, 50])
  }

  @Test func `a rank that takes longer for a row than the others is named once, with what it did`() throws {
    let folder = try TestFolder()
    // Rank 2 has half the rows and takes three quarters of the others' time.
    let (_, slow) = try lines(folder, steps: 1...300) { rank, _ in (0, rank == 2 ? 0.75 : 1) }
    #expect(slow.count == 1)
    #expect(
      slow[0].hasPrefix("note: rank 2 on ")
        && slow[0].contains(" took 50 % longer for a row than the others in the last 100 steps"))
    #expect(slow[0].contains("computing"))
    let (_, waiting) = try lines(folder, steps: 1...200) { rank, step in
      (rank == 0 && step > 100 ? 2 : 0, rank == 2 ? 0.5 : 1)
    }
    #expect(
      waiting.count == 1 && waiting[0].hasPrefix("note: rank 0 on ") && waiting[0].contains("waiting for recordings"))
    let (_, even) = try lines(folder, steps: 1...200) { rank, _ in (0.1, rank == 2 ? 0.54 : 1) }
    #expect(even.isEmpty)
  }

  @Test func `steps that are taken again count once, and rows are those of each step`() throws {
    let folder = try TestFolder()
    let path = folder.path("ranks.jsonl")
    let notes = try ThreadCommunicator.run(ranks: 2) { communicator in
      var rows = [8, 4]
      let log = RankLog(
        path: path, after: 0, last: 200, communicator: communicator, rows: { rows }, note: { _ in })
      var notes: [String] = []
      for step in Array(1...180) + Array(151...200) {
        // Rank 0 has twice the rows until the batch gets smaller, and takes as long for a row.
        if step == 190 { rows = [4, 4] }
        log.took(report(step, 0, communicator.rank == 0 && step < 190 ? 2 : 1)) { notes.append($0) }
        if step == 180, communicator.rank == 0 { try log.wentBack(to: 150) }
      }
      return notes
    }
    #expect(notes[0].isEmpty)
    let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map {
      try JSONDecoder().decode(Line.self, from: Data($0.utf8))
    }
    #expect(lines.map(\.step) == [100, 200] && lines.map(\.steps) == [100, 50])
    #expect(lines[1].computeSeconds == [39 * 2 + 11, 50])
  }

  @Test func `a stretch that a stop cuts short is written, once`() throws {
    let folder = try TestFolder()
    let path = folder.path("ranks.jsonl")
    let log = RankLog(
      path: path, after: 0, last: 200, communicator: SoleCommunicator(), rows: { [4] }, note: { _ in })
    for step in 1...31 { log.took(report(step, 0, 1)) { _ in } }
    for _ in 0..<2 { log.finish { _ in } }
    let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map {
      try JSONDecoder().decode(Line.self, from: Data($0.utf8))
    }
    #expect(lines.map(\.step) == [31] && lines[0].steps == 31 && lines[0].computeSeconds == [31])
  }

  @Test func `a log that cannot be opened is told, and training goes on`() throws {
    let folder = try TestFolder()
    var notes: [String] = []
    let log = RankLog(
      path: folder.path("."), after: 0, last: 200, communicator: SoleCommunicator(), rows: { [4] },
      note: { notes.append($0) })
    for step in 1...200 { log.took(report(step, 0, 1)) { notes.append($0) } }
    #expect(notes.count == 1 && notes[0].hasPrefix("warning: the ranks' times are not in the log: "))
  }

  @Test func `steps that a run does not take any more are told`() {
    func remark(_ steps: ClosedRange<Int>, after done: Int) -> String? {
      StepTimeline(path: "none", steps: steps, communicator: SoleCommunicator()).remark(after: done, last: 3)
    }
    #expect(remark(1...3, after: 0) == nil && remark(3...3, after: 2) == nil)
    #expect(remark(1...4, after: 0) == "warning: --timeline 1-4: this start takes steps 1 to 3")
    #expect(remark(2...3, after: 2) == "warning: --timeline 2-3: this start takes steps 3 to 3")
    #expect(remark(3...3, after: 3) == "warning: --timeline 3-3: no step is left to take")
  }

  @Test func `a run that stops within a timeline leaves the steps until then, each once`() throws {
    let (corpus, folder) = (try NoiseCorpus(), try TestFolder())
    let path = folder.path("timeline.json")
    let trainer = try corpus.trainer(corpus.configuration())
    trainer.recordedSteps = 2...9
    let timeline = StepTimeline(path: path, steps: 2...9, communicator: SoleCommunicator())
    var notes: [String] = []
    for _ in 0..<3 {
      let report = try trainer.advance()
      for _ in 0..<2 { timeline.took(report) { notes.append($0) } }
    }
    #expect(notes.isEmpty)
    for _ in 0..<2 { timeline.finish { notes.append($0) } }
    #expect(notes.count == 1 && notes[0].contains("steps 2 to 3"))
    let events = try JSONDecoder().decode(Timeline.self, from: Data(contentsOf: URL(fileURLWithPath: path))).traceEvents
    #expect(events.filter { $0.name == "load" }.count == 2)
  }

  private struct Timeline: Decodable {
    struct Event: Decodable {
      let name: String
      let ph: String
      let pid: Int
      let ts: Double?
      let dur: Double?
      let args: [String: Value]
    }
    enum Value: Decodable, Hashable {
      case number(Int)
      case text(String)

      init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        self = try (try? .number(value.decode(Int.self))) ?? .text(value.decode(String.self))
      }
    }
    let traceEvents: [Event]
  }

  @Test func `a timeline has every rank's sections of the steps that were asked for, one after the other`() throws {
    let (corpus, folder) = (try NoiseCorpus(), try TestFolder())
    let path = folder.path("timeline.json")
    let configuration = try corpus.configuration(["batch.speakers=4"])
    let plain = try corpus.trainer(configuration)
    #expect(try plain.advance().sections.isEmpty)
    let told = try ThreadCommunicator.run(ranks: 2) { communicator in
      let trainer = try corpus.trainer(configuration, communicator: communicator)
      trainer.recordedSteps = 2...3
      let timeline = StepTimeline(path: path, steps: 2...3, communicator: communicator)
      var notes: [String] = []
      for _ in 0..<4 { timeline.took(try trainer.advance()) { notes.append($0) } }
      timeline.finish { notes.append($0) }
      return notes
    }
    #expect(told[0].count == 1 && told[0][0].contains("steps 2 to 3") && told[1].isEmpty)
    let events = try JSONDecoder().decode(Timeline.self, from: Data(contentsOf: URL(fileURLWithPath: path))).traceEvents
    for rank in 0..<2 {
      let own = events.filter { $0.pid == rank && $0.ph == "X" }
      #expect(Set(own.map(\.name)) == ["load", "forward", "backward", "communicate"])
      #expect(Set(own.map { $0.args["step"] }) == [.number(2), .number(3)])
      // A rank that has its rows waits for those of the others, which is not its own loading.
      #expect(own.prefix(3).map(\.name) == ["load", "communicate", "forward"])
      for (one, next) in zip(own, own.dropFirst()) {
        let (start, seconds) = (try #require(one.ts), try #require(one.dur))
        // Microseconds with a decimal.
        #expect(start >= -0.1 && seconds >= 0 && start + seconds <= (next.ts ?? -1) + 0.2)
      }
      let names = events.filter { $0.pid == rank && $0.ph == "M" }
      #expect(names.count == 1 && names[0].name == "process_name")
    }
  }
}
