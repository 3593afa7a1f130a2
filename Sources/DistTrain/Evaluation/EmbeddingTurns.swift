/// The order in which a rank embeds its share of utterances, and how its threads divide the work.
///
/// Ranks take utterances in turn, the longest first, so that they finish together. A long utterance is the work of all
/// threads of its rank. For a short one they would wait for each other more than they compute, so each thread embeds
/// one by itself, with the same bits. Long ones are not embedded side by side, because each takes memory for itself.
package struct EmbeddingTurns: Sendable {
  /// An utterance that the rank embeds.
  package struct Turn: Sendable {
    /// The place, from 0, in the order in which the ranks take turns.
    package let place: Int
    /// The index among all utterances.
    package let utterance: Int
  }

  /// Turns that are done before the next ones begin: one on all threads, or several of a thread each.
  package struct Group: Sendable {
    /// The turns in their order, one or more.
    package let turns: [Turn]
    /// The length of the longest utterance in seconds.
    package let seconds: Double
  }

  /// The length in seconds of the longest utterance that a thread embeds by itself, 2000 frames of 10 ms.
  package static let longestAlone = 20.0
  /// The most seconds of speech that a group has for each thread. Threads that are done wait for the last one at the
  /// end of a group, but what is done is told only there.
  private static let secondsOfGroup = 60.0

  /// All turns of the rank in their order.
  package let groups: [Group]
  private let threads: Int

  /// - Parameters:
  ///   - seconds: the lengths of all utterances.
  ///   - rank: the rank whose turns these are, one of `ranks`.
  ///   - threads: the threads of the rank.
  package init(_ seconds: some Collection<Double>, rank: Int, ranks: Int, threads: Int) {
    self.threads = threads
    let seconds = Array(seconds)
    let order = seconds.indices.sorted { (seconds[$0], $0) > (seconds[$1], $1) }
    let own = stride(from: rank, to: order.count, by: ranks).map { Turn(place: $0, utterance: order[$0]) }
    var groups: [Group] = []
    var rest = own[...]
    while let first = rest.first {
      let longest = seconds[first.utterance]
      let turns = rest.prefix(Self.turns(longest: longest, threads: threads))
      groups.append(Group(turns: Array(turns), seconds: longest))
      rest = rest.dropFirst(turns.count)
    }
    self.groups = groups
  }

  /// The number of turns of a group whose longest utterance has this length: as many for each thread.
  private static func turns(longest: Double, threads: Int) -> Int {
    longest > longestAlone ? 1 : threads * Int(secondsOfGroup / max(longest, EmbeddingExtractor.shortest))
  }

  /// The most utterances that the rank embeds at once, each with the length in seconds of the longest of them: among
  /// groups of one, and among groups of several. The first group of either kind has the longest utterances.
  package var mostAtOnce: [(utterances: Int, seconds: Double)] {
    [groups.first { $0.turns.count == 1 }, groups.first { $0.turns.count > 1 }].compactMap(\.self).map {
      (min(threads, $0.turns.count), $0.seconds)
    }
  }
}
