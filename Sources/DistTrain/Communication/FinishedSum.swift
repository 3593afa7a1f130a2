/// A sum that was done when it was started.
package final class FinishedSum: PendingSum {
  package init() {}

  package func isDone() -> Bool { true }

  package func wait() {}
}
