/// A receiver of the steps of a run, such as a log or a display.
///
/// The observers of all ranks hear of each step in the same order and may exchange what they need, except in
/// `wentBack`, which is only called on the first rank. A method that a conforming type leaves out does nothing.
package protocol StepObserver: AnyObject {
  /// Is called when a step was taken.
  /// - Parameter note: shows people a line.
  func took(_ step: StepReport, note: (String) -> Void)
  /// Is called when the numbers of a step were not finite, before it is decided what becomes of the step.
  func broke(_ step: NonFiniteStep, note: (String) -> Void)
  /// Is called when a step counts but its update was left out.
  func skipped(_ step: StepReport, note: (String) -> Void)
  /// Is called when training has gone back to an earlier step and will take the steps after it again.
  func wentBack(to step: Int) throws
}

extension StepObserver {
  package func took(_ step: StepReport, note: (String) -> Void) {}
  package func broke(_ step: NonFiniteStep, note: (String) -> Void) {}
  package func skipped(_ step: StepReport, note: (String) -> Void) {}
  package func wentBack(to step: Int) throws {}
}
