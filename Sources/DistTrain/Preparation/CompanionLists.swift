/// The lists that a Kaldi data directory has beside those of its utterances: trials with or without a map of
/// enrolments, and the genders of speakers.
package struct CompanionLists: Sendable {
  static let gendersName = "spk2gender"

  let trials: TrialList?
  let enrolments: EnrolmentMap?
  let genders: KaldiList?
  /// Notes on what is not taken over, and why.
  let notes: [String]
  /// The lines of these lists that are wrong, which are not taken over.
  package let leftOut: [LeftOut]

  /// The names that svdist prepare writes itself, or that say nothing beyond what it reads.
  private static let known = PreparedCorpus.names.union([
    "reco2dur", "utt2num_frames", "frame_shift", CorpusIndex.name,
  ])

  /// Reads the lists that are there. One that cannot be read at all is not taken over, nor are lines that are wrong.
  init(_ directory: String) throws {
    var notes: [String] = []
    func read<List>(_ name: String, _ reader: (String) throws -> List) -> List? {
      let path = KaldiDirectory.path(of: name, in: directory)
      guard FileSystem.exists(path), !FileSystem.isFolder(path) else { return nil }
      do {
        return try reader(path)
      } catch {
        notes.append("\(name) of the source is not taken over: \(Failure(error).message)")
        return nil
      }
    }
    trials = read(TrialList.name) { try TrialList.read($0, allowsBlind: true, isLenient: true) }
    enrolments = read(PublishedEvaluation.enrolmentsName) { try EnrolmentMap.read($0, isLenient: true) }
    genders = read(Self.gendersName) { try KaldiList(path: $0, fields: 2...2, isLenient: true) }
    leftOut =
      (trials.map { LeftOut.lines($0.faults, of: $0.path, "is no trial") } ?? [])
      + (enrolments.map { LeftOut.lines($0.faults, of: $0.path, "is no enrolment") } ?? [])
      + (genders.map { LeftOut.lines($0.listFaults, of: $0.path, "is no gender") } ?? [])
    let others = (FileSystem.entries(of: directory)?.entries ?? []).map(\.name).filter { name in
      let path = "\(directory)/\(name)"
      return !name.begins(with: ".") && !Self.known.contains(name) && AudioSuffix.stem(of: name) == name
        && !FileSystem.isFolder(path)
    }
    if !others.isEmpty {
      let more = others.count > 8 ? " and \(others.count - 8) more" : ""
      notes.append("files of the source that are not taken over: \(others.prefix(8).joined(separator: ", "))\(more)")
    }
    self.notes = notes
  }

  /// A remark on genders of speakers who are not among these; nil where there are none.
  func gendersRemark(speakers: [String]) -> String? {
    guard let genders else { return nil }
    let known = Set(speakers.map { Name($0) })
    let others = genders.lines.filter { !known.contains(Name($0.key)) }
    return others.first.map {
      "genders of the source: \(genders.lines.count - others.count) of \(genders.lines.count) kept; the other speakers "
        + "have no utterance here (the first: \($0.key))"
    }
  }
}

/// The part of a source's own lists that is about the utterances of a data directory.
struct KeptLists: Sendable {
  let trials: TrialList?
  private let enrolments: EnrolmentMap?
  private let genders: [String]
  /// Notes on what was kept and what was not.
  let notes: [String]

  /// - Parameter keepsTrials: whether the data directory gets the source's trials, and no others.
  init(_ lists: CompanionLists, of utterances: [ListedUtterance], keepsTrials: Bool) {
    let speakers = Set(utterances.map { Name($0.speaker) })
    genders =
      lists.genders.map { list in
        list.lines.filter { speakers.contains(Name($0.key)) }.map { "\($0.key) \($0.rest)" }
      } ?? []
    guard let all = lists.trials else {
      (trials, enrolments) = (nil, nil)
      let name = PublishedEvaluation.enrolmentsName
      notes = lists.enrolments == nil ? [] : ["\(name) of the source is not taken over: there are no trials for it"]
      return
    }
    guard keepsTrials else {
      (trials, enrolments) = (nil, nil)
      let map = lists.enrolments == nil ? "" : ", and so is not its \(PublishedEvaluation.enrolmentsName)"
      notes = ["the source's own trials are not taken over: others are drawn\(map)"]
      return
    }
    let ids = Set(utterances.map { Name($0.id) })
    let near = NearNames(utterances.lazy.map(\.id))
    func isThere(_ name: String) -> Bool { ids.contains(Name(name)) || near.position(of: name) != nil }
    let enrolments = lists.enrolments?.restricted(to: isThere)
    let enrolled = Set((enrolments?.enrolments ?? []).map { Name($0.name) })
    let isTest = all.names.map(isThere)
    let isEnrolment = zip(all.names, isTest).map { enrolled.contains(Name($0)) || $1 }
    let kept = all.trials.filter { isEnrolment[$0.enrolment] && isTest[$0.test] }
    guard !kept.isEmpty else {
      (trials, self.enrolments) = (nil, nil)
      notes = ["the source's own trials are not taken over: of none are both utterances here (\(all.path))"]
      return
    }
    trials = TrialList(path: all.path, names: all.names, trials: kept, gaps: [], isBlind: all.isBlind)
    self.enrolments = enrolments
    let lost = all.trials.filter { !(isEnrolment[$0.enrolment] && isTest[$0.test]) }
    let first = lost.first.map { isEnrolment[$0.enrolment] ? all.names[$0.test] : all.names[$0.enrolment] }
    notes =
      [
        "trials of the source: \(kept.count) of \(all.trials.count) kept"
          + (first.map { ", \(lost.count) left out because their utterances are not here (the first: \($0))" } ?? "")
      ] + (lists.enrolments.map { Self.notes($0, kept: enrolments, isThere) } ?? [])
  }

  /// A line on enrolments of which utterances are not here; none where all are.
  private static func notes(
    _ all: EnrolmentMap, kept: EnrolmentMap?, _ isThere: (String) -> Bool
  ) -> [String] {
    let missing = all.enrolments.flatMap(\.utterances).filter { !isThere($0) }
    guard let first = missing.first else { return [] }
    let count = kept?.enrolments.count ?? 0
    return [
      "enrolments of the source: \(count) of \(all.enrolments.count) kept, without \(missing.count) of their utterances, "
        + "which are not here (the first: \(first))"
    ]
  }

  /// Writes the lists into a folder.
  func write(into folder: String) throws {
    if !genders.isEmpty { try OutputFile.write(lines: genders, to: "\(folder)/\(CompanionLists.gendersName)") }
    try trials?.write(to: "\(folder)/\(TrialList.name)")
    try enrolments?.write(to: "\(folder)/\(PublishedEvaluation.enrolmentsName)")
  }
}
