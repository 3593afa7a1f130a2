/// A time that a rank spent in one section of a step, by the clock of its host.
package struct SectionTime: Sendable {
  /// The number of the step, counted from 1.
  package let step: Int
  package let section: StepClock.Section
  package let began: Double
  package let ended: Double
}

/// The time of a step by sections, to one of which every moment belongs.
package final class StepClock {
  package enum Section: Int, CaseIterable, Sendable {
    case load, forward, backward, communicate
  }

  /// The seconds of computation during which sums of gradients were under way, as `GradientBuckets` counts them.
  var overlapped = 0.0
  private var seconds = [Double](repeating: 0, count: Section.allCases.count)
  private var current = Section.load
  private var since = monotonicSeconds()
  private let began = monotonicSeconds()
  /// The times of all sections so far, in their order; nil where nobody asks for them.
  private var times: [(section: Section, began: Double, ended: Double)]?

  /// - Parameter records: whether to keep when each section began and ended.
  init(records: Bool = false) {
    times = records ? [] : nil
  }

  /// Counts the time from now on towards `section`.
  /// - Returns: the section before.
  @discardableResult
  func enter(_ section: Section) -> Section {
    let now = monotonicSeconds()
    seconds[current.rawValue] += now - since
    times?.append((current, since, now))
    since = now
    defer { current = section }
    return current
  }

  /// Runs `body` in a section and returns to the one before.
  func within<Result>(_ section: Section, _ body: () throws -> Result) rethrows -> Result {
    let before = enter(section)
    defer { enter(before) }
    return try body()
  }

  /// The seconds that a section has taken so far.
  func spent(_ section: Section) -> Double {
    seconds[section.rawValue] + (section == current ? monotonicSeconds() - since : 0)
  }

  var total: Double { monotonicSeconds() - began }

  /// The recorded times of the step so far, the one that goes on included.
  func times(of step: Int) -> [SectionTime] {
    guard let times else { return [] }
    return (times + [(current, since, monotonicSeconds())]).map {
      SectionTime(step: step, section: $0.section, began: $0.began, ended: $0.ended)
    }
  }
}
