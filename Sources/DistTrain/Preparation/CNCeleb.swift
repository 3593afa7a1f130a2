import Foundation

/// Reads CN-Celeb 1 and 2 as unpacked: `CN-Celeb_flac/{data,dev/dev.lst,eval/{enroll,test,lists}}` and
/// `CN-Celeb2_flac/{data,spk.lst}`, or a folder that holds both.
///
/// Training speakers are those of `dev/dev.lst`, and all of CN-Celeb2. An utterance's id is its path from the speaker's
/// folder on, such as `id00010/singing-01-001.flac`: the file's name begins with the genre, for which no list has a
/// column. The evaluation's utterances have the names that CN-Celeb's own lists give them, whatever suffixes their
/// files have; the enrolments in one recording each (`enroll.lst`) are among them.
enum CNCeleb {
  static let names = ["CN-Celeb_flac", "CN-Celeb2_flac"]

  /// The folders of CN-Celeb 1 and 2 that a folder is or holds.
  static func roots(_ folder: String) -> [String] {
    ([folder] + names.map { "\(folder)/\($0)" }).filter { root in
      FileSystem.isFolder("\(root)/data") && (isFirst(root) || FileSystem.exists("\(root)/spk.lst"))
    }
  }

  /// Reads the training utterances and the evaluation.
  /// - Throws: `Failure(.badData)` for lists that are missing or malformed, and for speakers that are in both parts.
  static func source(_ folder: String, named path: String) throws -> CorpusSource {
    let roots = roots(folder)
    guard !roots.isEmpty else {
      throw Failure(
        .badData,
        "\(path): not CN-Celeb as unpacked: expected data/ with dev/dev.lst and eval/lists, or with spk.lst (CN-Celeb2)"
      )
    }
    guard roots.count(where: isFirst) <= 1 else {
      throw Failure(.badData, "\(path): holds CN-Celeb's evaluation twice: \(roots.joined(separator: ", "))")
    }
    var utterances: [ListedUtterance] = []
    var leftOut: [LeftOut] = []
    var passedOver: [String: Int] = [:]
    var others: [FolderNames.File] = []
    var copies: [Name: [String]] = [:]
    for root in roots {
      let part = try training(root)
      others += part.others
      copies.merge(part.copies) { first, _ in first }
      utterances += part.utterances
      leftOut += part.leftOut
      passedOver.merge(part.passedOver, uniquingKeysWith: +)
    }
    let first = roots.first(where: isFirst)
    let found = try first.map { try self.evaluation($0) }
    let evaluation = found?.published
    leftOut += found?.leftOut ?? []
    let tests = first.map { AudioTree(root: "\($0)/eval") }
    leftOut += unnamed(others, root: first, tests, evaluation)
    copies.merge(tests?.copies ?? [:]) { first, _ in first }
    let source = CorpusSource(
      layout: .cnCeleb, utterances: utterances, leftOut: leftOut, passedOver: passedOver, evaluation: evaluation,
      copies: copies)
    try check(source)
    return source
  }

  /// Whether a folder is CN-Celeb 1, which has the evaluation.
  private static func isFirst(_ root: String) -> Bool {
    FileSystem.exists("\(root)/dev") || FileSystem.exists("\(root)/eval")
  }

  /// The utterances to train on, and the other recordings of the folder.
  private static func training(_ root: String) throws -> (
    utterances: [ListedUtterance], leftOut: [LeftOut], passedOver: [String: Int], others: [FolderNames.File],
    copies: [Name: [String]]
  ) {
    let list = isFirst(root) ? "\(root)/dev/dev.lst" : "\(root)/spk.lst"
    try require(list, "it names the speakers to train on")
    let named = try KaldiList(path: list, fields: 1...1, isLenient: true)
    let speakers = named.lines.map(\.key)
    let wanted = Set(speakers.map { Name($0) })
    let tree = AudioTree(root: "\(root)/data")
    var found: Set<Name> = []
    var files: [FolderNames.File] = []
    var others: [FolderNames.File] = []
    for parts in tree.files {
      let file = (id: parts, path: "\(root)/data/" + parts.joined(separator: "/"))
      guard parts.count > 1, wanted.contains(Name(parts[0])) || !isFirst(root) else {
        others.append(file)
        continue
      }
      found.insert(Name(parts[0]))
      files.append(file)
    }
    let missing = speakers.filter { !found.contains(Name($0)) }.map { speaker in
      LeftOut(
        utterance: "-", path: "\(root)/data/\(speaker)",
        reason: "the speaker has no recordings: it is named in \(list)")
    }
    let wrong = LeftOut.lines(named.listFaults, of: list, "is no speaker")
    let heard = FolderNames.utterances(files)
    return (heard.utterances, wrong + missing + tree.leftOut + heard.leftOut, tree.passedOver, others, tree.copies)
  }

  /// The pieces of the enrolments and the tests, with the trials over them, and the lines of the lists that are wrong.
  private static func evaluation(_ root: String) throws -> (published: PublishedEvaluation, leftOut: [LeftOut]) {
    let lists = "\(root)/eval/lists"
    try require("\(lists)/enroll.map", "it names the pieces of each enrolment")
    try require("\(lists)/trials.lst", "it names the trials")
    let enrolments = try EnrolmentMap.read("\(lists)/enroll.map", isLenient: true)
    let (trials, unknown) = try trials("\(lists)/trials.lst", of: enrolments)
    var isTest = [Bool](repeating: false, count: trials.names.count)
    for trial in trials.trials { isTest[trial.test] = true }
    let pieces = Set(enrolments.enrolments.flatMap(\.utterances).map { Name($0) }).map { name in
      ListedUtterance(
        id: name.text, speaker: name.text.pathParts.first ?? name.text, path: file(name.text, in: "\(root)/data"))
    }
    let tests = zip(trials.names, isTest).filter(\.1).map { name, _ in
      ListedUtterance(
        id: name, speaker: speaker(ofTest: name),
        path: file(name, in: "\(root)/eval"))
    }
    let published = PublishedEvaluation(
      utterances: try pieces + tests + enrolmentRecordings(root), trials: trials, enrolments: enrolments)
    return (published, LeftOut.lines(enrolments.faults, of: enrolments.path, "is no enrolment") + unknown)
  }

  /// The trials of enrolments that are there, and the lines that are none.
  /// - Throws: `Failure(.badData)` where no trial is left.
  private static func trials(
    _ path: String, of enrolments: EnrolmentMap
  ) throws -> (trials: TrialList, leftOut: [LeftOut]) {
    let all = try TrialList.read(path, allowsBlind: false, isLenient: true)
    let enrolled = Set(enrolments.enrolments.map { Name($0.name) })
    let isKnown = all.names.map { enrolled.contains(Name($0)) }
    var faults = all.faults
    var kept: [TrialList.Trial] = []
    for (index, trial) in all.trials.enumerated() {
      if isKnown[trial.enrolment] {
        kept.append(trial)
      } else {
        faults.append(
          ListFault(
            line: all.line(of: index), what: "enrolment \(all.names[trial.enrolment]) is not in enroll.map"))
      }
    }
    guard !kept.isEmpty else { throw faults[0].failure(in: path) }
    return (
      TrialList(path: path, names: all.names, trials: kept), LeftOut.lines(faults, of: path, "is no trial")
    )
  }

  /// The enrolments as CN-Celeb has them in one recording each: the files of lines
  /// `id00800-enroll enroll/id00800-enroll.wav`. They are named after their files, for trials of one's own; CN-Celeb's
  /// trials name the first word, which enroll.map resolves.
  private static func enrolmentRecordings(_ root: String) throws -> [ListedUtterance] {
    let list = "\(root)/eval/lists/enroll.lst"
    guard FileSystem.exists(list) else { return [] }
    let names = try TextLines.read(list).compactMap { $0.fields.count == 2 ? Name($0.fields[1]) : nil }
    return Set(names).map { name in
      ListedUtterance(id: name.text, speaker: speaker(ofTest: name.text), path: file(name.text, in: "\(root)/eval"))
    }
  }

  /// The speaker with whose name a test's begins: `test/id00800-singing-01-001.wav`.
  private static func speaker(ofTest name: String) -> String {
    let file = FileSystem.name(of: name)
    let speaker = file.utf8.prefix { $0 != UInt8(ascii: "-") && $0 != UInt8(ascii: ".") }
    return speaker.isEmpty ? file : String(Substring(speaker))
  }

  /// The file that a list names, where the lists say .wav and the archive holds .flac.
  private static func file(_ name: String, in folder: String) -> String {
    let path = "\(folder)/\(name)"
    if FileSystem.exists(path) { return path }
    let stem = AudioSuffix.stem(of: path)
    return AudioSuffix.readable.map { "\(stem).\($0)" }.first(where: FileSystem.exists) ?? path
  }

  private static func require(_ list: String, _ purpose: String) throws {
    guard !FileSystem.exists(list) else { return }
    throw Failure(.badData, "\(list): no such file; \(purpose): unpack CN-Celeb as a whole")
  }

  /// Checks that no speaker is in both parts, and that no name comes twice in one part.
  private static func check(_ source: CorpusSource) throws {
    guard !source.utterances.isEmpty else {
      throw Failure(.badData, "CN-Celeb's training speakers have no recordings; the first: \(source.leftOut[0].path)")
    }
    let evaluated = Set(source.evaluation?.utterances.map { Name($0.speaker) } ?? [])
    if let both = source.utterances.first(where: { evaluated.contains(Name($0.speaker)) }) {
      throw Failure(
        .badData,
        "\(both.path): speaker '\(both.speaker)' is in the training part and in eval/lists: correct the lists")
    }
    for list in [source.utterances, source.evaluation?.utterances ?? []] {
      for (first, second) in zip(list, list.dropFirst()) where ByteOrder.equal(first.id, second.id) {
        throw Failure(.badData, "\(second.path): the utterance id '\(second.id)' is taken by \(first.path)")
      }
    }
  }
}
