/// The source of a training's batches, which is the same on every rank: the corpus, the sampler of rows and their
/// loader.
package struct BatchSource: Sendable {
  package let corpus: Corpus
  package let sampler: SpeakerBatchSampler
  package internal(set) var loader: BatchLoader
  package let cropLengths: CropLengths
  /// The number of rows that stay together on a rank and whose sums are computed as one.
  package let unit: Int

  package init(
    corpus: Corpus, sampler: SpeakerBatchSampler, loader: BatchLoader, cropLengths: CropLengths, unit: Int
  ) {
    self.corpus = corpus
    self.sampler = sampler
    self.loader = loader
    self.cropLengths = cropLengths
    self.unit = unit
  }

  /// Makes sure that all ranks found the same recordings to augment with, because hosts may see a file system
  /// differently. All ranks call this together.
  /// - Throws: `AgreedFailure` that names the first rank with others.
  package func agreeOnRecordings(_ communicator: any Communicator) throws {
    let lines = loader.augmentation.lists.contents.sorted { $0.key < $1.key }.map { "\($0.key) of \($0.value)" }
    try communicator.demandSame(communicator.gather(lines.joined(separator: "; "))) { first, other in
      "found other recordings to augment with (\(other)) than rank 0 on \(communicator.hosts[0]) (\(first)): make every "
        + "host see the same files"
    }
  }
}

/// A rank's share of one batch after another, loaded beside the computation. Utterances that cannot be read are
/// replaced.
///
/// The contents of a batch depend on the steps before it alone, never on how far ahead it was read or on which rank met
/// an unreadable utterance: once one rank has, all ranks know it.
package final class BatchStream {
  package private(set) var source: BatchSource
  /// The utterances that could not be read, in the order in which they were met.
  package internal(set) var unreadable: [Int] = [] {
    didSet { known = Set(unreadable) }
  }
  /// The recordings to augment with that could not be read, in the order in which they were met. They are only told: a
  /// row that draws one tries it again.
  package internal(set) var unreadableRecordings: [RecordingPlace] = []
  /// The places in the lists of the utterances that any rank has heard as the mean of several channels since this
  /// stream began.
  package private(set) var averaged: Set<Int> = []
  /// The number of times that training went back to a checkpoint. It gives other crops to rows that come again.
  package var rollbacks = 0
  /// The same utterances as `unreadable`, for looking up.
  private var known: Set<Int> = []
  private let communicator: any Communicator
  private let reader: BatchReader
  private var steps: Int

  /// - Parameters:
  ///   - steps: the number of steps after which the source's batches end, beyond which nothing is read ahead.
  ///   - readers: the number of threads that load the next batches.
  ///   - patience: the seconds that a batch may take to be read.
  package init(
    _ source: BatchSource, steps: Int, communicator: any Communicator, readers: Int = 1, patience: Double = .infinity
  ) {
    self.source = source
    self.steps = steps
    self.communicator = communicator
    reader = BatchReader(threads: readers, patience: patience)
  }

  /// The batch of a step, counted from 0. All ranks call this together, and afterwards all know the utterances that the
  /// batch newly found unreadable, or heard as the mean of several channels, on any of them.
  /// - Parameter loaded: is called once this rank has its rows, before it waits for the others'.
  /// - Throws: `AgreedFailure` where a rank cannot load its rows.
  package func batch(step: Int, loaded isLoaded: () -> Void = {}) throws -> GlobalBatch {
    communicator.announce("loading the rows of step \(step + 1)")
    let rows = source.sampler.batch(step: step, rollbacks: rollbacks)
    let loaded = try communicator.agree {
      let batch = Result { try reader.take(step: step) ?? reader.read(step: step, reading(step, rows)) }
      isLoaded()
      // A corpus that was cut has other rows, and recordings that cannot be found.
      try source.corpus.checkWhole()
      return try batch.get()
    }
    readAhead(after: step)
    communicator.announce("step \(step + 1)")
    let found = share(loaded)
    unreadableRecordings += found.recordings.map(\.place)
    averaged.formUnion(found.averaged.map { source.corpus.listedPlace($0.utterance) })
    if !found.utterances.isEmpty {
      unreadable += found.utterances.map(\.utterance)
      reload(found.utterances, after: step)
    }
    return GlobalBatch(
      features: loaded.features, speakers: rows.map(\.speaker), cut: cut(rows: rows.count), rows: loaded.rows,
      unreadable: found.utterances, unreadableRecordings: found.recordings, averaged: found.averaged)
  }

  /// Goes over to another source of the same recordings. What the batches before found unreadable stays so.
  /// - Parameter steps: the number of steps after which the source's batches end.
  func goOver(to source: BatchSource, steps: Int) {
    let (before, lists) = (self.source.corpus, self.source.loader.augmentation.lists)
    let (utterances, recordings) = (unreadable, unreadableRecordings.map(lists.name(of:)))
    reader.discard(from: 0)
    (self.source, self.steps) = (source, steps)
    takeUpRecordings(unreadable: recordings, contents: lists.contents)
    // An utterance at a speed that there is no more is known by its own name.
    let places = utterances.compactMap {
      source.corpus.utterance(named: before.utterances[$0].id) ?? source.corpus.utterance(named: before.listedID($0))
    }
    takeUp(unreadable: places)
  }

  /// Takes over the utterances that were found unreadable, to which those that the corpus knows to be so are added.
  func takeUp(unreadable utterances: [Int]) {
    var seen: Set<Int> = []
    unreadable = (utterances + source.corpus.knownUnreadable).filter { seen.insert($0).inserted }
  }

  /// Draws from the recordings that a checkpoint's run drew from, and takes over the names of those of them that it
  /// could not read.
  /// - Parameter contents: the contents of the lists of recordings; nil where the checkpoint does not have them.
  func takeUpRecordings(unreadable names: [String], contents: [String: String]?) {
    if let contents {
      let lists = source.loader.augmentation.lists
      source.loader.augmentation.lists = lists.bringingBack(names, toMatch: contents)
    }
    unreadableRecordings = source.loader.augmentation.lists.places(of: names)
  }

  /// The rows of each rank in a batch.
  package func cut(rows: Int) -> BatchCut { BatchCut(rows: rows, unit: source.unit, ranks: communicator.size) }

  private func readAhead(after step: Int) {
    var next = (reader.steps.last ?? step) + 1
    while next < steps, reader.steps.count < BatchReader.depth {
      reader.readAhead(step: next, reading(next, source.sampler.batch(step: next, rollbacks: rollbacks)))
      next += 1
    }
  }

  /// Begins batches again if a speaker of theirs has an utterance that was only now found unreadable.
  private func reload(_ found: [BatchLoader.Unreadable], after step: Int) {
    let speakers = Set(found.map { source.corpus.utterances[$0.utterance].speaker })
    let affected = reader.steps.first { step in
      source.sampler.batch(step: step, rollbacks: rollbacks).contains { speakers.contains($0.speaker) }
    }
    guard let affected else { return }
    reader.discard(from: affected)
    readAhead(after: step)
  }

  /// A closure that loads this rank's share of a batch.
  private func reading(_ step: Int, _ rows: [BatchRow]) -> @Sendable (ThreadTeam) throws -> BatchLoader.Batch {
    let own = cut(rows: rows.count).rows(of: communicator.rank)
    let seconds = source.cropLengths.seconds(step: step)
    return { [loader = source.loader, known] readers in
      try loader.load(rows, own: own, unreadable: known, seconds: seconds, readers: readers)
    }
  }

  /// The findings of a batch that no batch before it had.
  private struct Findings {
    var utterances: [BatchLoader.Unreadable] = []
    var recordings: [UnreadableRecording] = []
    var averaged: [AveragedUtterance] = []

    /// A line for each of them: its kind, its number, and what is to be said of it.
    var lines: [String] {
      utterances.map { "utterance\t\($0.utterance)\t\($0.reason.shown)" }
        + recordings.map { "\($0.place.kind.rawValue)\t\($0.place.index)\t\($0.reason.shown)" }
        + averaged.map { "averaged\t\($0.utterance)\t\($0.channels)" }
    }

    mutating func add(line: Substring) {
      let fields = line.split(separator: "\t", maxSplits: 2)
      guard let index = Int(fields[1]) else { return }
      let text = String(fields[2])
      if let kind = RecordingKind(rawValue: String(fields[0])) {
        recordings.append(UnreadableRecording(place: RecordingPlace(kind: kind, index: index), reason: text))
      } else if fields[0] == "averaged" {
        averaged.append(AveragedUtterance(utterance: index, channels: Int(text) ?? 0))
      } else {
        utterances.append(BatchLoader.Unreadable(utterance: index, reason: text))
      }
    }
  }

  /// The new findings of all ranks, on every rank, in the order of ranks, each once.
  private func share(_ own: BatchLoader.Batch) -> Findings {
    let means = own.rows.filter { $0.channels > 1 }.map {
      AveragedUtterance(utterance: $0.utterance, channels: $0.channels)
    }
    let new = unknown(of: Findings(utterances: own.unreadable, recordings: own.unreadableRecordings, averaged: means))
    let lines = new.lines
    guard communicator.maximum(Double(lines.count)) > 0 else { return Findings() }
    var all = Findings()
    for line in communicator.gather(lines.joined(separator: "\n")).flatMap({ $0.split(separator: "\n") }) {
      all.add(line: line)
    }
    return unknown(of: all)
  }

  /// Those findings that are not known from the batches before, each once.
  private func unknown(of found: Findings) -> Findings {
    var (seen, seenPlaces) = (known, Set(unreadableRecordings))
    // Not a copy of what was heard, which may be the whole corpus.
    var heard: Set<Int> = []
    return Findings(
      utterances: found.utterances.filter { seen.insert($0.utterance).inserted },
      recordings: found.recordings.filter { seenPlaces.insert($0.place).inserted },
      averaged: found.averaged.filter {
        let place = source.corpus.listedPlace($0.utterance)
        return !averaged.contains(place) && heard.insert(place).inserted
      })
  }
}
