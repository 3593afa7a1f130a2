import Foundation

/// The recordings that svdist prepare finds, with their utterances and speakers named, before any is opened.
package struct CorpusSource: Sendable {
  package let layout: CorpusLayout
  /// The utterances, in the byte order of their ids. All paths are absolute, except for commands
  /// (`ListedUtterance.isCommand`).
  package let utterances: [ListedUtterance]
  /// The files that do not fit into the layout.
  package let leftOut: [LeftOut]
  /// The number of files of each kind that are neither audio nor a list and were passed over.
  package let passedOver: [String: Int]
  /// The lists that the source has beside its utterances.
  package let companions: CompanionLists?
  /// The evaluation that the corpus brings along, of speakers that are not among those of `utterances`.
  package let evaluation: PublishedEvaluation?
  /// Remarks for a user who may have meant something else.
  package let notes: [String]
  /// The files beside the first file of a recording, with its name and other suffixes, by the path of the first.
  private(set) var copies: [Name: [String]] = [:]

  /// The number of such files.
  package var copyCount: Int { copies.values.reduce(0) { $0 + $1.count } }

  /// The number of utterances to open.
  package var count: Int { utterances.count + (evaluation?.utterances.count ?? 0) }

  init(
    layout: CorpusLayout, utterances: [ListedUtterance], leftOut: [LeftOut] = [], passedOver: [String: Int] = [:],
    companions: CompanionLists? = nil, evaluation: PublishedEvaluation? = nil, notes: [String] = [],
    copies: [Name: [String]] = [:]
  ) {
    self.layout = layout
    self.utterances = ByteOrder.sorted(ByteOrder.sorted(utterances) { $0.path }) { $0.id }
    self.leftOut = leftOut
    self.passedOver = passedOver
    self.companions = companions
    self.evaluation = evaluation
    self.notes = notes
    self.copies = copies
  }

  /// Reads a folder or a list in the given layout, or in the one that it appears to have.
  ///
  /// - Parameters:
  ///   - allowsCommands: whether entries of lists may be commands that end in a pipe.
  ///   - columns: the contents of those columns of a CSV file that have other names than the usual ones.
  /// - Throws: `Failure(.badData)` where there is no audio, a list is malformed or names commands that are not allowed,
  ///   or two files would get the same name.
  package init(
    _ path: String, layout: CorpusLayout? = nil, allowsCommands: Bool = false, columns: [Name: String] = [:]
  ) throws {
    guard FileSystem.exists(path) else { throw Failure(.badData, "\(path): no such folder or list") }
    try WorkingFolder.check(for: path)
    let root = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
    let layout = try layout ?? Self.layout(of: root, named: path)
    guard FileSystem.isFolder(root) != layout.isFile else {
      throw Failure(
        .badData,
        layout.isFile
          ? "\(path): a folder, but --layout \(layout.rawValue) reads a file" : "\(path): not a folder; \(Self.wanted)")
    }
    guard columns.isEmpty || layout == .csv else {
      throw Failure(.usage, "--columns names the columns of a CSV file, and \(path) is of layout \(layout.rawValue)")
    }
    switch layout {
    case .folders, .voxceleb:
      let tree = try SpeakerTree(root, named: path)
      self = try tree.source(layout)
      copies = tree.copies
    case .kaldi:
      self = try Self.whole(KaldiDirectory(root, allowsCommands: allowsCommands, isLenient: true), root)
    case .cnCeleb: self = try CNCeleb.source(root, named: path)
    case .csv: self = try CSVRecordings.source(root, columns: columns, allowsCommands: allowsCommands)
    case .wespeaker: self = try WespeakerList.source(root, allowsCommands: allowsCommands)
    case .shards: self = try ShardList.source(root)
    }
  }

  /// The utterances of a data directory without those of damaged shards.
  private static func whole(_ lists: KaldiDirectory, _ directory: String) throws -> CorpusSource {
    let (listed, faults) = try lists.listed()
    let utterances = listed.map { $0.absolute() }
    let companions = try CompanionLists(directory)
    let leftOut =
      faults.map { LeftOut(utterance: $0.utterance, path: $0.place, reason: $0.what) } + companions.leftOut
    let damages = try ShardRecords(directory)?.damaged() ?? []
    let notes = companions.notes + [lists.unsegmented].compactMap(\.self)
    guard !damages.isEmpty else {
      return CorpusSource(
        layout: .kaldi, utterances: utterances, leftOut: leftOut, companions: companions, notes: notes)
    }
    return CorpusSource(
      layout: .kaldi, utterances: utterances.filter { !damages.holds($0.path) },
      leftOut: leftOut
        + utterances.compactMap { utterance in
          damages.first { [$0].holds(utterance.path) }.map {
            LeftOut(
              utterance: utterance.id, path: utterance.path, reason: "its shard is damaged: \($0.shard) \($0.reason)")
          }
        }, companions: companions, notes: notes + [damages.summary(in: directory)])
  }

  private static let wanted =
    "give the folder that holds the speakers' folders or the lists, a .csv file, or wespeaker's raw list or list of shards"

  private static func layout(of root: String, named path: String) throws -> CorpusLayout {
    guard FileSystem.isFolder(root) else {
      if [".csv", ".tsv"].contains(where: { root.lowercased().ends(with: $0) }) { return .csv }
      if WespeakerList.isOne(root) { return .wespeaker }
      if ShardList.isOne(root) { return .shards }
      throw Failure(.badData, "\(path): neither a folder nor a list that svdist prepare knows; \(wanted)")
    }
    if ["wav.scp", "utt2spk"].contains(where: { FileSystem.exists("\(root)/\($0)") }) { return .kaldi }
    if !CNCeleb.roots(root).isEmpty { return .cnCeleb }
    return try SpeakerTree(root, named: path).layout()
  }
}
