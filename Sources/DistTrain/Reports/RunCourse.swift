import Foundation

/// What a run's `metrics.jsonl` tells of its steps, read as a stream and kept as thinned series.
package struct RunCourse: Sendable {
  /// The number of steps of the log.
  package private(set) var count = 0
  package private(set) var steps = 0...0
  /// The last step's epoch, counted from 0.
  package private(set) var epoch = 0
  /// The names of the objectives.
  package private(set) var objectives: [String] = []
  /// The first step of each stage of a run that has some.
  package private(set) var stages: [(stage: Int, step: Int)] = []
  /// The numbers of the steps, by their names in the log.
  private var series: [String: ThinnedSeries] = [:]
  /// The sums of the numbers of seconds over all steps.
  private var seconds: [String: Double] = [:]
  /// The rows of all steps that say how fast they were, and the seconds of these.
  private var rows = (count: 0.0, seconds: 0.0)
  /// The last number of each kind.
  private var last: [String: Double] = [:]
  /// The lines that are no steps.
  package private(set) var faults = DamagedLines()

  private let bins: Int
  /// No training has as many steps.
  static let mostSteps = 1_000_000_000_000

  /// Reads a log.
  /// - Parameter bins: the largest number of bins of a series.
  /// - Throws: `Failure(.badData)` where it cannot be read or has no step.
  package init(path: String, bins: Int) throws {
    self.bins = bins
    var number = 0
    if FileSystem.exists(path) {
      try LogLines(path: path).forEachBlock { lines in
        let steps = lines.concurrentMap { line in line.flatMap { try? JSONDecoder().decode(StepMetrics.self, from: $0) }
        }
        for step in steps {
          number += 1
          add(step, line: number)
        }
      }
    }
    guard count > 0 else {
      throw Failure(
        .badData,
        "\(path): "
          + (number == 0
            ? "no step was taken yet: nothing is known of this run" : "none of its \(number) lines is a step"))
    }
  }

  /// The numbers of a kind, thinned; nil where no step has one.
  package func series(_ name: String) -> ThinnedSeries? { series[name] }

  /// The largest number of steps that a bin of any series stands for.
  package var widest: Int { series.values.map(\.width).max() ?? 1 }

  /// The last number of a kind; nil where no step has one.
  package func last(_ name: String) -> Double? { last[name] }

  /// The sum of a number of seconds over all steps; nil where no step has one.
  package func seconds(_ name: String) -> Double? { seconds[name] }

  /// The utterances of all steps divided by the seconds of these steps; nil where no step says so.
  package var utterancesPerSecond: Double? { rows.seconds > 0 ? rows.count / rows.seconds : nil }

  /// The seconds that the run has taken; those of its steps where its log does not say it.
  package var elapsed: Double? { last["elapsedSeconds"] ?? seconds["totalSeconds"] }

  /// A line about the lines that are no steps, and about steps between the first and the last that have no line; nil
  /// where there are neither.
  package var remark: String? {
    // A damaged line was that of a step.
    let lacking = steps.count - count - faults.count
    let holes = lacking > 0 ? "\(lacking.counted("step")) of \(steps.lowerBound) to \(steps.upperBound) lacking" : nil
    let remarks = [faults.remark(of: "step", "steps"), holes].compactMap(\.self)
    return remarks.isEmpty ? nil : remarks.joined(separator: "; ")
  }

  private mutating func add(_ step: StepMetrics?, line: Int) {
    guard let step, step.step > (count == 0 ? 0 : steps.upperBound), step.step <= Self.mostSteps else {
      faults.add(line)
      return
    }
    steps = (count == 0 ? step.step : steps.lowerBound)...step.step
    count += 1
    epoch = step.epoch
    if objectives.isEmpty { objectives = step.objectives.map(\.name) }
    if let stage = step.stage, stage != stages.last?.stage { stages.append((stage, step.step)) }
    for (name, value) in step.numbers where value.isFinite {
      last[name] = value
      series[name, default: ThinnedSeries(most: bins)].add(value, step: step.step)
      if name.hasSuffix("Seconds") { seconds[name, default: 0] += value }
    }
    let (speed, time) = (step.utterancesPerSecond, step.totalSeconds)
    if speed.isFinite, time.isFinite {
      rows.count += speed * time
      rows.seconds += time
    }
  }
}

/// The lines of a log that is too large to be held in memory.
private struct LogLines {
  private let file: InputFile
  private static let block = 1 << 20
  /// More than a line takes.
  private static let longest = 1 << 16

  init(path: String) throws {
    file = try InputFile(path: path)
  }

  /// Calls `body` with the lines of each part of the file; nil stands for one that is too long or has no end.
  func forEachBlock(_ body: ([Data?]) -> Void) throws {
    var (offset, rest, isTooLong) = (0, [UInt8](), false)
    while offset < file.bytes {
      let bytes = try file.read(at: offset, count: min(Self.block, file.bytes - offset))
      offset += bytes.count
      var lines: [Data?] = []
      var start = 0
      while let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) {
        let line = rest + bytes[start..<end]
        lines.append(isTooLong || line.count > Self.longest ? nil : Data(line))
        (rest, isTooLong, start) = ([], false, end + 1)
      }
      rest += bytes[start...]
      if rest.count > Self.longest { (rest, isTooLong) = ([], true) }
      body(lines)
    }
    if !rest.isEmpty || isTooLong { body([nil]) }
  }
}
