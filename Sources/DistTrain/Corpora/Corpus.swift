import Foundation

/// The utterances and speakers that a run trains or is evaluated on. Speakers and utterances are numbered in the byte
/// order of their names, so that every rank numbers them alike.
///
/// A corpus is a table (`CorpusTable`), mapped from a data directory's `corpus.index` where there is one: an
/// `Utterance` is made only when it is asked for, and the ranks of a node share the memory.
public struct Corpus: Sendable {
  let table: CorpusTable
  /// Resolves the table's paths; nil where they are final.
  let places: ListedPlaces?
  /// The copies of the utterances at several speeds; nil where each exists once, as recorded.
  let copies: SpeedCopies?
  /// The names of the speakers, in byte order.
  public let speakers: [String]
  /// The positions of each speaker's utterances, ascending.
  package let utterancesOfSpeaker: SpeakerUtterances
  /// The shards that are missing or cut off, whose utterances are left out.
  package let damages: [ShardRecords.Damage]
  /// The utterances of which no list tells the length and whose recordings cannot be read. They keep their places in
  /// the corpus, so that its numbers stay when a recording is lost, unless their speaker has no others.
  package let unmeasured: [KaldiDirectory.Fault]
  /// The contents of the lists, which tell whether a run goes on with its corpus. Utterances of damaged shards count,
  /// and those that are too short or too long, but not those of `unmeasured`: what the lists say of them has no length.
  package let contents: CorpusContents

  /// Opens a Kaldi-style data directory (`KaldiDirectory`, `CorpusIndex`). Without `segments` and `utt2dur`, the header
  /// of every file is read for its length. The lengths of shards are checked (`ShardRecords`), but not their bytes.
  /// - Throws: `Failure(.badData)` that names the file and line.
  public static func open(_ directory: String) throws -> Corpus {
    try open(directory) { try AudioFile(path: $0).seconds }
  }

  /// Opens a Kaldi-style data directory as the other `open` does.
  /// - Parameter fileSeconds: gives the length of a file in seconds.
  public static func open(
    _ directory: String, fileSeconds: @escaping @Sendable (String) throws -> Double
  ) throws -> Corpus {
    try KaldiDirectory.check(directory)
    let (table, contents, unmeasured) =
      try CorpusIndex.open(directory).map { ($0, CorpusContents($0), []) }
      ?? KaldiDirectory(directory).table(fileSeconds: fileSeconds)
    let damages = try ShardRecords(directory)?.missing() ?? []
    let whole = damages.isEmpty ? table : table.filtered { !damages.holds(table.paths[Int(table.files[$0])].text) }
    guard whole.sizes.utterances > 0 else { throw Failure(.badData, damages.summary(in: directory)) }
    return Corpus(
      unmeasured.isEmpty ? whole : whole.ofMeasuredSpeakers(), places: ListedPlaces(folder: directory),
      damages: damages, unmeasured: unmeasured, contents: contents)
  }

  /// Makes a corpus of utterances.
  /// - Precondition: ids are unique and the length of every utterance is known.
  package init(_ listed: [ListedUtterance]) {
    let table = CorpusTable(listed)
    self.init(table, places: nil, damages: [], contents: CorpusContents(table))
  }

  init(
    _ table: CorpusTable, places: ListedPlaces?, damages: [ShardRecords.Damage],
    unmeasured: [KaldiDirectory.Fault] = [], contents: CorpusContents
  ) {
    self.table = table
    self.places = places
    self.damages = damages
    self.unmeasured = unmeasured
    self.contents = contents
    copies = nil
    speakers = (0..<table.sizes.speakers).map { table.names[$0].text }
    utterancesOfSpeaker = SpeakerUtterances(
      firsts: table.firstMembers, members: UnsafeBufferPointer(table.members), of: table.block)
  }

  /// Makes the corpus of the same recordings at several speeds.
  init(_ recorded: Corpus, copies: SpeedCopies) {
    precondition(recorded.copies == nil, "the corpus is at several speeds already")
    table = recorded.table
    places = recorded.places
    damages = recorded.damages
    unmeasured = recorded.unmeasured
    contents = recorded.contents
    self.copies = copies
    speakers = copies.speakers
    utterancesOfSpeaker = copies.utterancesOfSpeaker
  }

  /// The utterances, in the byte order of their ids.
  public var utterances: Utterances { Utterances(corpus: self) }

  /// The utterances of a corpus, each of which is made when it is asked for.
  public struct Utterances: RandomAccessCollection, Sendable {
    fileprivate let corpus: Corpus
    public var startIndex: Int { 0 }
    public var endIndex: Int { corpus.copies?.count ?? corpus.table.sizes.utterances }
    public subscript(index: Int) -> Utterance { corpus.utterance(at: index) }

    /// The length of an utterance in seconds as recorded, found without reading its names.
    package func seconds(_ index: Int) -> Double {
      corpus.table.seconds[corpus.copies?[index].utterance ?? index]
    }
  }

  private func utterance(at position: Int) -> Utterance {
    let copy = copies?[position]
    let place = copy?.utterance ?? position
    precondition(place >= 0 && place < table.sizes.utterances, "utterance \(position) of \(utterances.count)")
    let path = table.paths[Int(table.files[place])].text
    let speaker = Int(table.speakers[place])
    return Utterance(
      id: table.ids[place].text + (copy.map { SpeedCopies.mark($0.factor) } ?? ""),
      speaker: copies?.speaker(speaker, factor: copy?.number ?? 0) ?? speaker, path: places?.resolve(path) ?? path,
      start: table.starts[place], seconds: table.seconds[place], speed: copy?.factor ?? 1,
      channel: table.channel(place))
  }

  /// Checks that nothing was cut off the corpus's file meanwhile. What was read from it before is what the file had.
  /// - Throws: `Failure(.badData)` that names the file.
  package func checkWhole() throws { try table.block.checkWhole() }

  /// The place of an utterance among those of the lists, which is the same for its copies at all speeds.
  package func listedPlace(_ position: Int) -> Int { copies?[position].utterance ?? position }

  /// The id of an utterance in the lists, which is the same for its copies at all speeds.
  package func listedID(_ position: Int) -> String { table.ids[listedPlace(position)].text }

  /// One line for each kind of utterances that are left out: those of damaged shards, and those without a length.
  /// - Parameter directory: the data directory, as the lines name it.
  package func losses(in directory: String) -> [String] {
    var lines = damages.isEmpty ? [] : [damages.summary(in: directory)]
    if !unmeasured.isEmpty {
      let names = unmeasured.prefix(3).map { "\($0.utterance) (\($0.failure.message))" }.joined(separator: "; ")
      let count = unmeasured.count.counted("utterance")
      lines.append(
        "\(directory): \(count) left out, whose recordings cannot be read: \(names)\(unmeasured.count > 3 ? " …" : ""); "
          + "svdist prepare lists all of them")
    }
    return lines
  }

  /// The positions of the utterances whose recordings were found unreadable when the corpus was opened.
  package var knownUnreadable: [Int] {
    if unmeasured.isEmpty { return [] }
    return utterances.indices.filter { utterances.seconds($0) == 0 }
  }

  /// The number of utterances in damaged shards, each counted once at each speed.
  package var damaged: Int { damages.reduce(0) { $0 + $1.utterances } * speeds }

  /// The number of utterances that are in no batch, because of damaged shards or because no recording of their speaker
  /// can be read, each counted once at each speed.
  package var lost: Int { damaged + unmeasured.count * speeds - knownUnreadable.count }

  private var speeds: Int { copies.map { $0.count / max(table.sizes.utterances, 1) } ?? 1 }

  /// The position in `utterances` of the utterance with an id, or nil where there is none.
  package func utterance(named id: String) -> Int? {
    ByteText.with(id) { wanted in
      ByteOrder.position(among: utterances.count) { compare($0, wanted) }
    }
  }

  private func compare(_ position: Int, _ wanted: ByteText) -> Int {
    guard let copy = copies?[position] else { return table.ids[position].compare(wanted) }
    return table.ids[copy.utterance].compare(Array(SpeedCopies.mark(copy.factor).utf8), wanted, [])
  }
}

extension CorpusTable {
  /// - Precondition: ids are unique and the length of every utterance is known.
  convenience init(_ listed: [ListedUtterance]) {
    let sorted = ByteOrder.sorted(listed) { $0.id }
    var names: [String] = []
    for name in ByteOrder.sorted(sorted.map(\.speaker), by: { $0 }) {
      if let last = names.last, ByteOrder.equal(last, name) { continue }
      names.append(name)
    }
    let sizes = Sizes(
      utterances: sorted.count, files: sorted.count, speakers: names.count,
      idBytes: sorted.reduce(0) { $0 + $1.id.utf8.count }, pathBytes: sorted.reduce(0) { $0 + $1.path.utf8.count },
      nameBytes: names.reduce(0) { $0 + $1.utf8.count })
    let builder = CorpusTableBuilder(sizes)
    for name in names { ByteText.with(name) { builder.add(speaker: $0) } }
    for utterance in sorted { ByteText.with(utterance.path) { builder.add(path: $0) } }
    for (index, utterance) in sorted.enumerated() {
      guard let seconds = utterance.seconds, let speaker = ByteOrder.find(utterance.speaker, in: names, by: { $0 })
      else { preconditionFailure("the length of utterance \(utterance.id) is not known") }
      ByteText.with(utterance.id) {
        builder.add(
          utterance: $0, speaker: Int32(speaker), file: Int32(index), start: utterance.start, seconds: seconds,
          channel: utterance.channel)
      }
    }
    let table = builder.table()
    self.init(table.sizes, block: table.block)
    channels = table.channels
  }
}

extension Corpus {
  /// The corpus without the utterances whose length is outside the range, and without the speakers that have no other
  /// utterances.
  /// - Precondition: the corpus is as recorded, not at several speeds.
  package func lasting(_ seconds: ClosedRange<Double>) -> Corpus {
    precondition(copies == nil, "lengths are those of recordings, before their speeds")
    // Nobody knows the length of an utterance that could not be measured.
    func isKept(_ length: Double) -> Bool { length == 0 || seconds.contains(length) }
    guard !table.seconds.allSatisfy(isKept) else { return self }
    let left = table.filtered { isKept(table.seconds[$0]) }
    return Corpus(
      unmeasured.isEmpty ? left : left.ofMeasuredSpeakers(), places: places, damages: damages,
      unmeasured: unmeasured, contents: contents)
  }
}

/// A piece of speech of one speaker, which is a whole file or a segment of one.
public struct Utterance: Sendable, Equatable {
  /// The utterance's id, which the corpus has once.
  public let id: String
  /// The speaker's position in `Corpus.speakers`.
  public let speaker: Int
  /// The path of the file, or the place in a shard.
  public let path: String
  /// The beginning of the utterance within the file, in seconds.
  public let start: Double
  /// The length of the utterance, in seconds.
  public let seconds: Double
  /// The speed at which the utterance is played.
  package var speed = 1.0
  /// The channel of the file that the utterance is heard on, counted from 0; nil for the mean of all channels.
  package var channel: Int?

  /// The middle of the utterance, so many seconds long; all of it where it is no longer.
  package func middle(_ length: Double) -> Utterance {
    guard seconds > length else { return self }
    return Utterance(
      id: id, speaker: speaker, path: path, start: start + (seconds - length) / 2, seconds: length, speed: speed,
      channel: channel)
  }
}
