import Synchronization

/// Loads the features of rows of a global batch: crop, augmentation, filter bank.
///
/// Every draw is keyed by the utterance's place in the corpus, the epoch, the occurrence and the view, so that a row is
/// the same whichever rank loads it.
package struct BatchLoader: Sendable {
  /// The stretches of an utterance that its views hold.
  package enum Segment: String, Sendable, Codable, CaseIterable {
    /// All views of an utterance are the same stretch of it.
    case same
    /// Each view has its own stretch.
    case independent
  }

  /// The filling of a row whose utterance is shorter than the crop.
  package enum Filling: String, Sendable, Codable, CaseIterable {
    /// The utterance from its start, over and over.
    case tile
    /// Zeros after its end.
    case pad
  }

  /// An utterance that cannot be read, with the reason.
  package struct Unreadable: Sendable, Equatable {
    package let utterance: Int
    package let reason: String
  }

  package struct Batch: Sendable {
    /// The features, bins × (rows · frames).
    package let features: Matrix
    /// The contents of the rows, in their order.
    package let rows: [LoadedRow]
    /// The utterances that this batch found unreadable.
    package let unreadable: [Unreadable]
    /// The recordings to augment with that this batch found unreadable.
    package let unreadableRecordings: [UnreadableRecording]
  }

  private let corpus: Corpus
  private let sampler: SpeakerBatchSampler
  private let filterBank: FilterBank
  package internal(set) var augmentation: Augmentation
  private let segment: Segment
  private let augmentedViews: [Bool]
  private let filling: Filling
  private let seconds: Double
  private let seed: UInt64

  /// - Parameters:
  ///   - augmentedViews: for each view, whether it is augmented.
  ///   - seconds: the length of a crop where `load` is given no other.
  package init(
    corpus: Corpus, sampler: SpeakerBatchSampler, filterBank: FilterBank, augmentation: Augmentation,
    segment: Segment, augmentedViews: [Bool], filling: Filling = .tile, seconds: Double, seed: UInt64
  ) {
    self.corpus = corpus
    self.sampler = sampler
    self.filterBank = filterBank
    self.augmentation = augmentation
    self.segment = segment
    self.augmentedViews = augmentedViews
    self.filling = filling
    self.seconds = seconds
    self.seed = seed
  }

  /// The number of frames of a row where `load` is given no length.
  package var frames: Int { frames(seconds: seconds) }

  private func samples(seconds: Double) -> Int { Int((seconds * Double(FrontEnd.sampleRate)).rounded()) }

  func frames(seconds: Double) -> Int {
    filterBank.frontEnd.frames(samples: samples(seconds: seconds))
  }

  /// Loads a rank's rows of a global batch.
  /// - Parameters:
  ///   - batch: the rows of all ranks.
  ///   - own: the rows to load.
  ///   - unreadable: the utterances that are known to be unreadable, which are replaced without being opened.
  ///   - seconds: the length of all rows' crops; nil for the loader's own length.
  ///   - readers: the threads that share the rows.
  /// - Throws: `Failure(.badData)` where a speaker has no readable utterance left, or a list of noises or rooms no
  ///   readable recording; `Failure(.failed)` where a codec fails.
  package func load(
    _ batch: [BatchRow], own: Range<Int>, unreadable: Set<Int>, seconds: Double? = nil,
    readers: ThreadTeam = ThreadTeam()
  ) throws -> Batch {
    let seconds = seconds ?? self.seconds
    let frames = frames(seconds: seconds)
    let features = Matrix(rows: filterBank.bins, columns: own.count * frames)
    let outcomes = Mutex([RowOutcome](repeating: RowOutcome(), count: own.count))
    readers.run(own.count) { index in
      let row = batch[own.lowerBound + index]
      var outcome = RowOutcome()
      do {
        let (waveform, loaded) = try waveform(
          row, batch: batch, unreadable: unreadable, seconds: seconds, found: &outcome.unreadable)
        let dither = stream(.dither, row, utterance: row.utterance, view: row.view)
        filterBank.write(waveform, dither: dither, into: features, column: index * frames)
        for mask in loaded.distortion.masks { mask.apply(to: features, column: index * frames) }
        outcome.row = loaded
      } catch {
        outcome.error = error
      }
      outcomes.withLock { [outcome] in $0[index] = outcome }
    }
    // The outcomes are taken in the order of rows, whichever thread was first.
    let all = outcomes.withLock { $0 }
    if let error = all.lazy.compactMap(\.error).first { throw error }
    var seen: Set<Int> = []
    var seenPlaces: Set<RecordingPlace> = []
    return Batch(
      features: features, rows: all.compactMap(\.row),
      unreadable: all.flatMap(\.unreadable.utterances).filter { seen.insert($0.utterance).inserted },
      unreadableRecordings: all.flatMap(\.unreadable.recordings).filter { seenPlaces.insert($0.place).inserted })
  }

  private struct RowOutcome {
    var row: LoadedRow?
    var unreadable = Found()
    var error: (any Error)?
  }

  /// The utterances and the recordings that a row found unreadable.
  private struct Found {
    var utterances: [Unreadable] = []
    var recordings: [UnreadableRecording] = []
  }

  /// The row's augmented crop, or that of the first readable utterance in the order of replacements.
  ///
  /// Utterances that other rows of the batch found unreadable count only from the next batch on, because the result
  /// must not depend on which rows share a rank.
  private func waveform(
    _ row: BatchRow, batch: [BatchRow], unreadable: Set<Int>, seconds: Double, found: inout Found
  ) throws -> (samples: [Float], row: LoadedRow) {
    let companions = batch.filter { $0.speaker == row.speaker }.map(\.utterance)
    var candidate: Int? = row.utterance
    var attempt = 0
    var reason: String?
    while let utterance = candidate {
      if !unreadable.contains(utterance) {
        do {
          let distortion = distortion(of: row, utterance: utterance, seconds: seconds)
          let speed = distortion.speed * corpus.utterances[utterance].speed
          let crop = try crop(row, utterance: utterance, speed: speed, seconds: seconds)
          var substitution = Substitution(
            augmentation.lists, stream(.substitution, row, utterance: utterance, view: row.view))
          let heard = try augmentation.apply(distortion, to: crop.samples, &substitution)
          found.recordings += substitution.unreadable
          let loaded = LoadedRow(
            row: row, utterance: utterance, start: crop.start, distortion: heard.distortion, channels: crop.channels)
          return (heard.samples, loaded)
        } catch let unusable as Unusable {
          reason = unusable.failure.message
          if !found.utterances.contains(where: { $0.utterance == utterance }) {
            found.utterances.append(Unreadable(utterance: utterance, reason: unusable.failure.message))
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

  /// A failure of an utterance's own file, as opposed to that of a noise or room.
  private struct Unusable: Error {
    let failure: Failure
  }

  /// The samples, the place at which they begin in the recording, in seconds of the recording, and the number of
  /// channels of which they are the mean.
  private typealias Crop = (samples: [Float], start: Double, channels: Int)

  private func crop(
    _ row: BatchRow, utterance index: Int, speed: Double, seconds: Double
  ) throws(Unusable) -> Crop {
    do {
      return try read(row, utterance: index, speed: speed, seconds: seconds)
    } catch {
      var failure = Failure(error)
      if case .cancellingChannels? = failure.cause as? RecordingFault {
        failure = Failure(failure.kind, "\(failure.message) (svdist prepare --channel 0)")
      }
      throw Unusable(failure: failure)
    }
  }

  private func read(_ row: BatchRow, utterance index: Int, speed: Double, seconds: Double) throws -> Crop {
    let utterance = corpus.utterances[index]
    let length = utterance.seconds / speed
    let cropView = segment == .same ? 0 : row.view
    var stream = stream(.crop, row, utterance: index, view: cropView)
    let offset = stream.uniform() * max(0, length - seconds)
    let start = utterance.start / speed + offset
    let file = try AudioFile(path: utterance.path)
    _ = try Waveform.stretch(of: file, start: utterance.start, seconds: utterance.seconds)
    let stretch = try Waveform.samples(
      of: file, start: start, seconds: min(seconds, length), sampleRate: FrontEnd.sampleRate, speed: speed)
    var energies = ChannelEnergies()
    let read = try Waveform.read(
      file, stretch, sampleRate: FrontEnd.sampleRate, channel: utterance.channel, speed: speed, &energies)
    guard !read.isEmpty else { throw Failure(.badData, "\(utterance.path): no samples at \(offset) s") }
    // A pause is no reason to give up an utterance, nor are channels that cancel each other for a while, but a
    // recording that is so from its start to its end is.
    if energies.cancel || Excursion(read).isSilent {
      _ = try AudioInspection.inspect(
        path: utterance.path, start: utterance.start, seconds: utterance.seconds, channel: utterance.channel)
    }
    let count = samples(seconds: seconds)
    let filled = filling == .tile ? Waveform.tiled(read, count: count) : Waveform.padded(read, count: count)
    return (filled, start * speed, utterance.channel == nil ? file.channels : 1)
  }

  private func distortion(of row: BatchRow, utterance: Int, seconds: Double) -> Distortion {
    guard augmentedViews[row.view] else { return Distortion() }
    let frames = frames(seconds: seconds)
    return augmentation.draw(speaker: row.speaker, bins: filterBank.bins, frames: frames) { purpose in
      stream(purpose, row, utterance: utterance, view: row.view)
    }
  }

  /// A row's crop before and after augmentation.
  package struct Audition: Sendable {
    /// The samples as recorded.
    package let clean: [Float]
    package let augmented: [Float]
    /// The contents of the row.
    package let row: LoadedRow
    /// The distortion that was applied, including the speed of a voice that is a speaker of its own.
    package let distortion: Distortion
  }

  /// Loads a row's crop before and after augmentation.
  /// - Parameter seconds: the length of the crop; nil for the loader's own length.
  /// - Throws: `Failure(.badData)` where none of the speaker's utterances, or of the recordings to lay over the crop,
  ///   can be read.
  package func audition(_ row: BatchRow, seconds: Double? = nil) throws -> Audition {
    let seconds = seconds ?? self.seconds
    var unreadable = Found()
    let (augmented, loaded) = try waveform(row, batch: [row], unreadable: [], seconds: seconds, found: &unreadable)
    var distortion = loaded.distortion
    distortion.speed *= corpus.utterances[loaded.utterance].speed
    return Audition(
      clean: try read(row, utterance: loaded.utterance, speed: 1, seconds: seconds).samples,
      augmented: augmented, row: loaded, distortion: distortion)
  }

  private func stream(_ purpose: RandomPurpose, _ row: BatchRow, utterance: Int, view: Int) -> RandomStream {
    RandomStream(
      seed: seed, purpose: purpose, epoch: row.epoch, item: utterance, occurrence: row.occurrence, view: view)
  }
}
