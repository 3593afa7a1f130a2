/// The time of a step by sections, to one of which every moment belongs.
final class StepClock {
  enum Section: Int, CaseIterable {
    case load, forward, backward, communicate
  }

  /// The seconds of computation during which sums of gradients were under way, as `GradientBuckets` counts them.
  var overlapped = 0.0
  private var seconds = [Double](repeating: 0, count: Section.allCases.count)
  private var current = Section.load
  private var since = monotonicSeconds()
  private let began = monotonicSeconds()

  /// Counts the time from now on towards `section`.
  /// - Returns: the section before.
  @discardableResult
  func enter(_ section: Section) -> Section {
    let now = monotonicSeconds()
    seconds[current.rawValue] += now - since
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
}
