import Synchronization

/// From rows of a global batch to features: crop, augmentation, filter bank.
///
/// Every draw is keyed by the utterance's place in the corpus, the epoch, the occurrence and the view, so that a row is
/// the same whichever rank loads it.
package struct BatchLoader: Sendable {
  /// Where an utterance's views are cut.
  package enum Segment: String, Sendable, Codable, CaseIterable {
    /// All views of an utterance are the same stretch of it.
    case same
    /// Each view has its own stretch.
    case independent
  }

  /// An utterance that cannot be read, and why.
  package struct Unreadable: Sendable, Equatable {
    package let utterance: Int
    package let reason: String
  }

  package struct Batch: Sendable {
    /// bins × (rows · frames).
    package let features: Matrix
    /// Utterances found unreadable by this batch.
    package let unreadable: [Unreadable]
  }

  private let corpus: Corpus
  private let sampler: SpeakerBatchSampler
  private let filterBank: FilterBank
  private let augmentation: Augmentation
  private let segment: Segment
  private let augmentedViews: [Bool]
  private let seconds: Double
  private let samples: Int
  private let seed: UInt64

  /// - Parameters:
  ///   - seconds: of a crop.
  ///   - augmentedViews: for each view, whether the augmentation is laid over it.
  package init(
    corpus: Corpus, sampler: SpeakerBatchSampler, filterBank: FilterBank, augmentation: Augmentation,
    segment: Segment, augmentedViews: [Bool], seconds: Double, seed: UInt64
  ) {
    self.corpus = corpus
    self.sampler = sampler
    self.filterBank = filterBank
    self.augmentation = augmentation
    self.segment = segment
    self.augmentedViews = augmentedViews
    self.seconds = seconds
    samples = Int((seconds * Double(filterBank.sampleRate)).rounded())
    self.seed = seed
  }

  /// Frames of a row.
  package var frames: Int { FilterBank.frames(samples: samples, sampleRate: filterBank.sampleRate) }

  /// Loads a rank's rows of a global batch.
  /// - Parameters:
  ///   - batch: the rows of all ranks.
  ///   - own: which of them to load.
  ///   - unreadable: utterances known not to be readable, which are replaced without a look.
  ///   - readers: the threads that share the rows.
  /// - Throws: `Failure(.badData)` when a speaker has no readable utterance left.
  package func load(
    _ batch: [BatchRow], own: Range<Int>, unreadable: Set<Int>, readers: ThreadTeam = ThreadTeam()
  ) throws -> Batch {
    let features = Matrix(rows: filterBank.bins, columns: own.count * frames)
    let outcomes = Mutex([RowOutcome](repeating: RowOutcome(), count: own.count))
    readers.run(own.count) { index in
      let row = batch[own.lowerBound + index]
      var outcome = RowOutcome()
      do {
        let waveform = try waveform(row, batch: batch, unreadable: unreadable, found: &outcome.unreadable)
        let dither = stream(.dither, row, utterance: row.utterance, view: row.view)
        filterBank.write(waveform, dither: dither, into: features, column: index * frames)
      } catch {
        outcome.error = error
      }
      outcomes.withLock { [outcome] in $0[index] = outcome }
    }
    // In the order of rows, whichever thread was first.
    let all = outcomes.withLock { $0 }
    if let error = all.lazy.compactMap(\.error).first { throw error }
    var seen: Set<Int> = []
    return Batch(
      features: features, unreadable: all.flatMap(\.unreadable).filter { seen.insert($0.utterance).inserted })
  }

  private struct RowOutcome {
    var unreadable: [Unreadable] = []
    var error: (any Error)?
  }

  /// The row's crop, or that of the first utterance in the rule's order of replacements which can be read.
  ///
  /// What other rows of the batch found does not count before the next batch: which rows share a rank must not decide.
  private func waveform(
    _ row: BatchRow, batch: [BatchRow], unreadable: Set<Int>, found: inout [Unreadable]
  ) throws -> [Float] {
    let companions = batch.filter { $0.speaker == row.speaker }.map(\.utterance)
    var candidate: Int? = row.utterance
    var attempt = 0
    var reason: String?
    while let utterance = candidate {
      if !unreadable.contains(utterance) {
        do {
          return try augmented(try crop(row, utterance: utterance), row, utterance: utterance)
        } catch let unusable as Unusable {
          reason = unusable.failure.message
          if !found.contains(where: { $0.utterance == utterance }) {
            found.append(Unreadable(utterance: utterance, reason: unusable.failure.message))
          }
        }
      }
      candidate = sampler.replacement(for: row, attempt: attempt, avoiding: companions)
      attempt += 1
    }
    throw Failure(
      .badData,
      "speaker '\(corpus.speakers[row.speaker])' has no readable utterance left"
        + (reason.map { "; the last one: \($0)" } ?? "")
        + ": mend its files, or leave the speaker out of the lists")
  }

  /// What is wrong with an utterance's own file, as against that of a noise or room.
  private struct Unusable: Error {
    let failure: Failure
  }

  private func crop(_ row: BatchRow, utterance index: Int) throws(Unusable) -> [Float] {
    do {
      return try read(row, utterance: index)
    } catch {
      throw Unusable(failure: Failure(error))
    }
  }

  private func read(_ row: BatchRow, utterance index: Int) throws -> [Float] {
    let utterance = corpus.utterances[index]
    let cropView = segment == .same ? 0 : row.view
    var stream = stream(.crop, row, utterance: index, view: cropView)
    let offset = stream.uniform() * max(0, utterance.seconds - seconds)
    let read = try Waveform.read(
      path: utterance.path, start: utterance.start + offset, seconds: min(seconds, utterance.seconds),
      sampleRate: filterBank.sampleRate)
    guard !read.isEmpty else { throw Failure(.badData, "\(utterance.path): no samples at \(offset) s") }
    // A pause is no reason to give an utterance up, a recording without any sound is.
    if !read.contains(where: { abs($0) >= AudioInspection.silence }) {
      _ = try AudioInspection.inspect(path: utterance.path, start: utterance.start, seconds: utterance.seconds)
    }
    return Waveform.tiled(read, count: samples)
  }

  private func augmented(_ waveform: [Float], _ row: BatchRow, utterance: Int) throws -> [Float] {
    guard augmentedViews[row.view] else { return waveform }
    var draws = stream(.augmentation, row, utterance: utterance, view: row.view)
    return try augmentation.apply(to: waveform, stream: &draws)
  }

  private func stream(_ purpose: RandomPurpose, _ row: BatchRow, utterance: Int, view: Int) -> RandomStream {
    RandomStream(
      seed: seed, purpose: purpose, epoch: row.epoch, item: utterance, occurrence: row.occurrence, view: view)
  }
}
