import Synchronization

/// Cuts a corpus into global batches of `speakers` speakers × `utterances` utterances × `views` views.
///
/// A batch is a pure function of the corpus, the three sizes, the seed and the step. It depends neither on ranks nor on
/// the batches that were asked for before. Its row (p · utterances + k) · views + v is view v of the k-th utterance of
/// the p-th speaker; the speakers of a batch differ. `EpochOrder` says how an epoch goes through the corpus.
package struct SpeakerBatchSampler: Sendable {
  /// The number of groups of `utterances` utterances that a speaker gives an epoch. g is the number that the speaker's
  /// utterances make, and S is the sum of g over all speakers, each counted up to the P-th largest g, with P speakers a
  /// batch.
  package enum Draw: String, Sendable, Codable, CaseIterable {
    /// The number g.
    case utterances
    /// The number S · √g / Σ√g, rounded, at least 1.
    case squareRoot = "square-root"
    /// The number S divided by that of speakers, rounded, at least 1.
    case equally
  }

  /// The utterances of a speaker that may be in one batch.
  package enum Sessions: String, Sendable, Codable, CaseIterable {
    case any
    /// Utterances of different sessions, as far as there are such.
    case distinct
  }

  /// The number of steps of every epoch, ⌊Σ_s min(n_s, n₍P₎) / P⌋ for P speakers a batch, where speaker s gives n_s
  /// groups of `utterances` utterances (`Draw`) and n₍P₎ is the P-th largest of these numbers.
  package let stepsPerEpoch: Int
  /// Whether sessions are kept apart and some speaker has two utterances whose ids name the same session.
  package let hasSessions: Bool

  private let utterancesOfSpeaker: SpeakerUtterances
  private let groupCounts: [Int]
  private let sessions: [Int32]?
  private let speakers: Int
  private let utterances: Int
  private let views: Int
  private let seed: UInt64
  private let start: Start
  private let orders = RecentOrders()

  /// The beginning of a sampler's batches.
  package struct Start: Sendable, Equatable {
    /// The step of the first batch, counted from 0.
    package let step: Int
    /// The number of its epoch.
    package let epoch: Int

    package init(step: Int = 0, epoch: Int = 0) {
      self.step = step
      self.epoch = epoch
    }
  }

  /// The place of a step: that of its batch within an epoch, both counted from 0.
  package typealias Position = (epoch: Int, index: Int)

  /// The orders of the last two epochs that were asked for, since a loader that reads ahead crosses from one to the
  /// next.
  private final class RecentOrders: Sendable {
    let entries = Mutex<[(epoch: Int, order: EpochOrder)]>([])
  }

  /// - Parameter start: the step at which the sampler takes over from another one, and the first epoch that is new
  ///   then, so that its draws are too.
  /// - Throws: `Failure(.usage)` for sizes that make no batch, `Failure(.badData)` where the corpus has too few
  ///   speakers, or a speaker too few utterances.
  package init(
    corpus: Corpus, speakers: Int, utterances: Int, views: Int, draw: Draw = .utterances, sessions: Sessions = .any,
    seed: UInt64, from start: Start = Start()
  ) throws {
    try Self.check(corpus, speakers: speakers, utterances: utterances, views: views)
    self.utterancesOfSpeaker = corpus.utterancesOfSpeaker
    self.speakers = speakers
    self.utterances = utterances
    self.views = views
    self.seed = seed
    self.start = start
    groupCounts = draw.groupCounts(corpus.utterancesOfSpeaker.map { $0.count / utterances }, batchSpeakers: speakers)
    let rounds = groupCounts.sorted(by: >)[speakers - 1]
    stepsPerEpoch = groupCounts.reduce(0) { $0 + min($1, rounds) } / speakers
    let named = sessions == .distinct ? UtteranceSession.numbers(corpus) : nil
    self.sessions = named?.numbers
    hasSessions = named?.areNamed ?? false
  }

  /// The number of rows of a global batch.
  var rows: Int { speakers * utterances * views }

  /// The place of a step, counted from 0 over all epochs, which is not before the sampler's first.
  package func position(of step: Int) -> Position {
    precondition(step >= start.step, "step \(step) is before the sampler's first, \(start.step)")
    let own = step - start.step
    return (start.epoch + own / stepsPerEpoch, own % stepsPerEpoch)
  }

  /// The rows of the global batch at a step counted from 0 over all epochs.
  ///
  /// - Parameter rollbacks: the number of times that training went back to a checkpoint. The draws for the rows depend
  ///   on it, but not the choice of rows.
  /// - Complexity: O(batch), and once an epoch O(corpus).
  package func batch(step: Int, rollbacks: Int = 0) -> [BatchRow] {
    let (epoch, index) = position(of: step)
    var rows: [BatchRow] = []
    rows.reserveCapacity(self.rows)
    for (speaker, group, occurrence) in order(epoch: epoch).groups(step: index) {
      for utterance in group {
        for view in 0..<views {
          rows.append(
            BatchRow(
              utterance: utterance, speaker: speaker, occurrence: rollbacks << 16 + occurrence, view: view, epoch: epoch
            ))
        }
      }
    }
    return rows
  }

  /// The utterance that takes the place of a row's own if that cannot be read: another one of the same speaker, the
  /// same on every rank and for every view.
  ///
  /// - Parameters:
  ///   - attempt: 0 for the first replacement. Each further one differs from the row's utterance and from those before.
  ///   - avoided: the utterances, such as the speaker's others in the batch, that are taken only when nothing else is
  ///     left.
  /// - Returns: nil when the speaker has no utterance left.
  package func replacement(for row: BatchRow, attempt: Int, avoiding avoided: [Int] = []) -> Int? {
    var left = utterancesOfSpeaker[row.speaker].filter { $0 != row.utterance }
    var chosen: Int?
    for attempt in 0...attempt {
      let preferred = left.indices.filter { !avoided.contains(left[$0]) }
      let candidates = preferred.isEmpty ? Array(left.indices) : preferred
      guard !candidates.isEmpty else { return nil }
      var stream = RandomStream(
        seed: seed, purpose: .replacement, epoch: row.epoch, item: row.utterance, occurrence: row.occurrence,
        view: attempt)
      chosen = left.remove(at: candidates[stream.below(candidates.count)])
    }
    return chosen
  }

  private func order(epoch: Int) -> EpochOrder {
    orders.entries.withLock { entries in
      if let known = entries.first(where: { $0.epoch == epoch }) { return known.order }
      let order = EpochOrder(
        utterancesOfSpeaker: utterancesOfSpeaker, groupCounts: groupCounts, batchSpeakers: speakers,
        groupSize: utterances, sessions: sessions, seed: seed, epoch: epoch)
      entries = entries.suffix(1) + [(epoch, order)]
      return order
    }
  }

  private static func check(_ corpus: Corpus, speakers: Int, utterances: Int, views: Int) throws {
    for (name, value, least) in [
      ("batch.speakers", speakers, 2), ("batch.utterances", utterances, 1), ("batch.views", views, 1),
    ] where value < least {
      throw Failure(.usage, "\(name) is \(value): at least \(least) belong in a batch")
    }
    guard corpus.speakers.count >= 2 else {
      throw Failure(
        .badData,
        corpus.speakers.first.map {
          "the corpus has one speaker, '\($0)': training tells speakers apart and needs "
            + "at least 2"
        } ?? "the corpus has no speakers")
    }
    guard corpus.speakers.count >= speakers else {
      throw Failure(
        .badData,
        "the corpus has \(corpus.speakers.count.counted("speaker")), batch.speakers asks for \(speakers) different "
          + "ones in a batch: set it to \(corpus.speakers.count) or less")
    }
    let short = corpus.speakers.indices.filter { corpus.utterancesOfSpeaker[$0].count < utterances }
    if let first = short.first {
      let count = corpus.utterancesOfSpeaker[first].count
      let others =
        short.count == 1
        ? ""
        : " (and \(short.count - 1) more of "
          + "\(corpus.speakers.count.counted("speaker")))"
      throw Failure(
        .badData,
        "speaker '\(corpus.speakers[first])'\(others) has \(count.counted("utterance")), "
          + "batch.utterances asks for \(utterances): lower it, or leave such speakers out with svdist prepare "
          + "--minimum-utterances \(utterances)")
    }
  }
}

extension SpeakerBatchSampler.Draw {
  /// The number of groups that each speaker gives an epoch.
  /// - Parameter groups: the number of groups that each speaker's utterances make.
  fileprivate func groupCounts(_ groups: [Int], batchSpeakers: Int) -> [Int] {
    if self == .utterances { return groups }
    let most = groups.sorted(by: >)[batchSpeakers - 1]
    let sum = Double(groups.reduce(0) { $0 + min($1, most) })
    let weights = groups.map { self == .equally ? 1 : Double($0).squareRoot() }
    let whole = weights.reduce(0, +)
    return weights.map { max(1, Int((sum * $0 / whole).rounded())) }
  }
}
