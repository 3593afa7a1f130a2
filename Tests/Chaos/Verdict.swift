/// How a run ended that was struck.
struct Verdict {
  let blow: Blow
  var launches = 0
  /// The blow came before the run's own end.
  var isStruck = false
  var isHung = false
  /// Ranks and corpus were the same throughout: every bit has to be the undisturbed run's.
  var expectsBits = true
  var hasBits = false
  /// What happened, in order.
  var story: [String] = []
  var problems: [String] = []

  var isGood: Bool { problems.isEmpty && !isHung }
}
