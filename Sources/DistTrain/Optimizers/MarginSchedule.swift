import Foundation

/// The margin of the classification loss as a function of the step alone: `initial` before step `start`, `final` from
/// step `end` on, and a rising course in between.
public struct MarginSchedule: Sendable, Equatable {
  public enum Course: Sendable, Equatable {
    /// `final` from the first step on.
    case constant
    /// initial + (final − initial) · (t − start) / (end − start).
    case linear
    /// initial + (final − initial) · (1 − exp(ln(10⁻³) · (t − start) / (end − start))), as in wespeaker: steep at
    /// first, with a jump over the last thousandth at `end`.
    case exponential
  }

  public let course: Course
  public let initial: Double
  public let final: Double
  public let start: Int
  public let end: Int

  public init(_ course: Course, initial: Double, final: Double, start: Int, end: Int) {
    precondition(start <= end, "a margin's rise ends after its start")
    self.course = course
    self.initial = initial
    self.final = final
    self.start = start
    self.end = end
  }

  /// The margin of step `step`, counted from 0.
  public func margin(at step: Int) -> Double {
    if course == .constant || step >= end { return final }
    if step < start { return initial }
    let progress = Double(step - start) / Double(end - start)
    let ratio = course == .linear ? progress : 1 - exp(progress * log(1e-3))
    return initial + (final - initial) * ratio
  }
}
