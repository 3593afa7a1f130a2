/// The end of a run that was struck.
struct Verdict {
  let blow: Blow
  var launches = 0
  /// The blow came before the run's own end.
  var isStruck = false
  var isHung = false
  /// Whether every bit is the undisturbed run's that has to be: all of them, on whatever ranks, until a recording that
  /// vanished is met.
  var hasBits = false
  /// The events in their order.
  var story: [String] = []
  var problems: [String] = []

  var isGood: Bool { problems.isEmpty && !isHung }
}
