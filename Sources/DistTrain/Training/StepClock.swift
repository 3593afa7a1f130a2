/// Where a step's time goes: every moment belongs to one section.
final class StepClock {
  enum Section: Int, CaseIterable {
    case load, forward, backward, communicate
  }

  /// Seconds of computation beside which sums of gradients were under way, as `GradientBuckets` counts them.
  var overlapped = 0.0
  private var seconds = [Double](repeating: 0, count: Section.allCases.count)
  private var current = Section.load
  private var since = monotonicSeconds()
  private let began = monotonicSeconds()

  /// From now on time belongs to `section`.
  /// - Returns: the section it belonged to.
  @discardableResult
  func enter(_ section: Section) -> Section {
    let now = monotonicSeconds()
    seconds[current.rawValue] += now - since
    since = now
    defer { current = section }
    return current
  }

  /// Runs `body` in a section and goes back to the one before.
  func within<Result>(_ section: Section, _ body: () throws -> Result) rethrows -> Result {
    let before = enter(section)
    defer { enter(before) }
    return try body()
  }

  /// Seconds that went to a section so far.
  func spent(_ section: Section) -> Double {
    seconds[section.rawValue] + (section == current ? monotonicSeconds() - since : 0)
  }

  var total: Double { monotonicSeconds() - began }
}
