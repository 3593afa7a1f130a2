/// Hears of the steps of a run, as logs and displays do.
///
/// The observers of all ranks hear of each step in the same order and may exchange what they need, but for `wentBack`, which
/// only the first rank's hear. What a conforming type leaves out does nothing.
package protocol StepObserver: AnyObject {
  /// A step was taken.
  /// - Parameter note: tells people a line.
  func took(_ step: StepReport, note: (String) -> Void)
  /// A step's numbers were not finite; what becomes of it is decided after this.
  func broke(_ step: NonFiniteStep, note: (String) -> Void)
  /// A step counts, and its update was left out.
  func skipped(_ step: StepReport, note: (String) -> Void)
  /// Training stands at an earlier step and will take those after it again.
  func wentBack(to step: Int) throws
}

extension StepObserver {
  package func took(_ step: StepReport, note: (String) -> Void) {}
  package func broke(_ step: NonFiniteStep, note: (String) -> Void) {}
  package func skipped(_ step: StepReport, note: (String) -> Void) {}
  package func wentBack(to step: Int) throws {}
}
