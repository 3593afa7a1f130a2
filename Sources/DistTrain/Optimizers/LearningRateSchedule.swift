import Foundation

/// The learning rate as a function of the step t = 0, 1 … T − 1 alone.
///
/// Every course but `oneCycle` is multiplied by a linear warm-up, min(1, t / warmup), as in wespeaker: the first step
/// of a run with a warm-up has rate 0.
public struct LearningRateSchedule: Sendable, Equatable {
  /// The course of the rate over the steps, without the warm-up.
  public enum Course: Sendable, Equatable {
    /// The same rate throughout.
    case constant(Double)
    /// initial · exp((t / T) · ln(final / initial)), as in wespeaker.
    case exponential(initial: Double, final: Double)
    /// final + ½ (initial − final) (1 + cos(π t / T)).
    case cosine(initial: Double, final: Double)
    /// initial · factor^⌊t / every⌋.
    case step(initial: Double, factor: Double, every: Int)
    /// A rise from maximum / divisor to maximum over the fraction `rise` of the steps, followed by a fall to maximum /
    /// (divisor · finalDivisor), both along a half cosine (Smith and Topin 2017, in the form of PyTorch's `OneCycleLR`;
    /// the momentum stays as it is).
    case oneCycle(maximum: Double, rise: Double, divisor: Double, finalDivisor: Double)
  }

  /// The course over the steps.
  public let course: Course
  /// The number T of steps of the whole run.
  public let steps: Int
  /// The number of steps of the linear rise from 0; 0 for none.
  public let warmup: Int

  /// A schedule of `steps` steps. `oneCycle` takes no warm-up.
  public init(_ course: Course, steps: Int, warmup: Int = 0) {
    precondition(steps > 0, "a schedule stretches over at least one step")
    precondition(warmup >= 0, "a warm-up has no negative length")
    if case .oneCycle = course { precondition(warmup == 0, "one-cycle has its own rise") }
    self.course = course
    self.steps = steps
    self.warmup = warmup
  }

  /// The learning rate of step `step`, counted from 0.
  public func rate(at step: Int) -> Double {
    precondition(step >= 0, "steps count from 0")
    let progress = Double(step) / Double(steps)
    let warm = step < warmup ? Double(step) / Double(warmup) : 1
    switch course {
    case .constant(let rate):
      return warm * rate
    case .exponential(let initial, let final):
      return warm * initial * exp(progress * log(final / initial))
    case .cosine(let initial, let final):
      return warm * Self.cosine(from: initial, to: final, progress)
    case .step(let initial, let factor, let every):
      return warm * initial * pow(factor, Double(step / every))
    case .oneCycle(let maximum, let rise, let divisor, let finalDivisor):
      let initial = maximum / divisor
      let last = Double(steps - 1)
      let peak = rise * Double(steps) - 1
      let now = min(Double(step), last)
      if now <= peak { return Self.cosine(from: initial, to: maximum, peak > 0 ? now / peak : 1) }
      return Self.cosine(from: maximum, to: initial / finalDivisor, last > peak ? (now - peak) / (last - peak) : 1)
    }
  }

  /// Half a cosine from one value to another, where `progress` runs from 0 to 1.
  private static func cosine(from start: Double, to end: Double, _ progress: Double) -> Double {
    end + (start - end) / 2 * (1 + cos(.pi * progress))
  }
}
