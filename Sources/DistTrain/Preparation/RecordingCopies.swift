/// The files of recordings that lie in several side by side, such as x.wav and x.flac: the first that can be used is
/// taken.
struct RecordingCopies: Sendable {
  /// The utterances that files of a recording but the first would be, by the path of the first.
  private let others: [Name: [ListedUtterance]]
  /// The files that no utterance can be made of, whatever they hold.
  let passed: [Passed]

  /// A file that is not taken.
  struct Passed: Sendable {
    let path: String
    /// The path of the file beside it that was preferred.
    let preferred: String
    /// The reason why it cannot be used; nil where that was not asked.
    var fault: String?
  }

  init(_ source: CorpusSource) {
    var others: [Name: [ListedUtterance]] = [:]
    var passed: [Passed] = []
    var claims: [Name: Int] = [:]
    if !source.copies.isEmpty {
      for utterance in source.utterances {
        claims[Name(utterance.id)] = 1
        others[Name(utterance.path)] = source.copies[Name(utterance.path)]?.map { utterance.copy(at: $0) }
      }
      for copy in others.values.joined() { claims[Name(copy.id), default: 0] += 1 }
    }
    for (first, paths) in source.copies where others[first] == nil {
      passed += paths.map { Passed(path: $0, preferred: first.text) }
    }
    for (first, copies) in others {
      for copy in copies where claims[Name(copy.id)]! > 1 {
        let fault = "its utterance id is taken: '\(copy.id)' is that of another file: rename one of the two"
        passed.append(Passed(path: copy.path, preferred: first.text, fault: fault))
      }
      others[first] = copies.filter { claims[Name($0.id)]! == 1 }
    }
    self.others = others
    self.passed = passed
  }

  /// An utterance as the files of its recording give it, those first that are rather taken.
  func files(of utterance: ListedUtterance) -> [ListedUtterance] {
    [utterance] + (others[Name(utterance.path)] ?? [])
  }

  /// Files that are not taken, each with the reason.
  /// - Parameter kept: the utterances whose files are taken.
  static func leftOut(_ passed: [Passed], kept: some Sequence<ListedUtterance>) -> [LeftOut] {
    guard !passed.isEmpty else { return [] }
    var paths: Set<Name> = []
    for utterance in kept {
      for piece in utterance.pieces.isEmpty ? [utterance] : utterance.pieces { paths.insert(Name(piece.path)) }
    }
    // The lists of an evaluation may name a file that lies beside another.
    return passed.filter { !paths.contains(Name($0.path)) }.map { file in
      LeftOut(utterance: "-", path: file.path, reason: reason(file, isTaken: paths.contains(Name(file.preferred))))
    }
  }

  private static func reason(_ file: Passed, isTaken: Bool) -> String {
    let name = FileSystem.name(of: file.preferred)
    if let fault = file.fault { return isTaken ? "\(fault); its copy \(name) is taken" : fault }
    return "is a copy of a recording that is \(isTaken ? "taken" : "left out"): \(name) lies beside it"
  }
}

extension ListedUtterance {
  /// The utterance that another file beside its own would be: ids end in the names of files.
  fileprivate func copy(at path: String) -> ListedUtterance {
    let own = UtteranceName.of(FileSystem.name(of: self.path))
    let stem = id.ends(with: own) ? String(Substring(id.utf8.dropLast(own.utf8.count))) : ""
    return ListedUtterance(id: stem + UtteranceName.of(FileSystem.name(of: path)), speaker: speaker, path: path)
  }
}
