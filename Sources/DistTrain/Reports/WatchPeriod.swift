/// How long runs are watched: as long as one of them is trained, and for a time after that, within which a batch system may
/// start one again.
package struct WatchPeriod: Sendable, Equatable {
  /// What a look at the runs found.
  package enum Change: Sendable, Equatable {
    case none
    /// The last one that was trained is so no more, or none was at the first look.
    case ended
    /// One is trained again.
    case resumed
    /// The time after the end is over.
    case over
  }

  private let keep: Double
  /// The time since which no run is trained; nil while one is.
  private var idleSince: Double?

  /// - Parameter seconds: the time for which runs are watched that nobody trains.
  package init(keep seconds: Double) {
    keep = seconds
  }

  /// Whether a run was trained at the last look, or none was taken.
  package var isLive: Bool { idleSince == nil }

  /// Takes notice of a look.
  /// - Parameters:
  ///   - isTrained: whether any of the runs is trained.
  ///   - now: the time in seconds, on a clock that only goes forward.
  package mutating func look(isTrained: Bool, now: Double) -> Change {
    guard !isTrained else {
      defer { idleSince = nil }
      return isLive ? .none : .resumed
    }
    guard let idleSince else {
      self.idleSince = now
      return .ended
    }
    return now - idleSince >= keep ? .over : .none
  }
}
