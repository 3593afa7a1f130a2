/// A sum over ranks that was started.
package protocol PendingSum: AnyObject {
  /// Moves it on and says whether it is done. Nothing else may move it: whoever started it looks now and then.
  func isDone() -> Bool
  /// Returns when it is done.
  func wait()
}
