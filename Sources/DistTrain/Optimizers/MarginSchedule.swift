import Foundation

/// The margin of the classification loss as a function of the step alone: `initial` before step `start`, `final` from
/// step `end` on, and a rising course in between.
public struct MarginSchedule: Sendable, Equatable {
  /// The course of the rise.
  public enum Course: Sendable, Equatable {
    /// `final` from the first step on.
    case constant
    /// initial + (final − initial) · (t − start) / (end − start).
    case linear
    /// initial + (final − initial) · (1 − exp(ln(10⁻³) · (t − start) / (end − start))), as in wespeaker: steep at
    /// first, with a jump over the last thousandth at `end`.
    case exponential
  }

  /// The course of the rise.
  public let course: Course
  /// The margin before the rise.
  public let initial: Double
  /// The margin after the rise.
  public let final: Double
  /// The step, counted from 0, at which the rise begins.
  public let start: Int
  /// The step, counted from 0, from which on the margin is `final`.
  public let end: Int

  /// A schedule whose rise begins at step `start` and ends at step `end`, which is not before it.
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
