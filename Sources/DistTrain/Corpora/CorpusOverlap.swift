/// The speakers, utterances and files that a corpus to train on shares with one to evaluate on. An error rate over them
/// says nothing of unknown speakers.
package struct CorpusOverlap: Sendable, Equatable {
  package let speakers: [String]
  /// The ids of utterances.
  package let utterances: [String]
  /// The paths of files to evaluate on that are among those to train on: under the same path, under another name of the
  /// same file, as a copy of the same bytes, or as the same audio in another form, as far as `unread` says nothing
  /// else.
  package let files: [String]
  /// Those of the files that are not under the same path, in the order of `files`.
  package let copies: [Copy]
  /// A line about the files that were compared by their paths alone; nil where there are none.
  package let unread: String?

  /// A file to evaluate on and the one to train on that has the same content.
  package struct Copy: Sendable, Equatable {
    package let path: String
    package let original: String

    package init(path: String, original: String) {
      self.path = path
      self.original = original
    }
  }

  /// Begins to count how many of so many files are compared: what it returns is called after each, from any thread.
  package typealias Counting = @Sendable (_ count: Int) -> @Sendable () -> Void

  /// Compares the corpora as they are recorded, whatever their speeds.
  /// - Parameter counting: is called before each look at the contents of several files.
  package init(training: Corpus, evaluation: Corpus, counting: @escaping Counting = { _ in {} }) {
    let (own, others) = (training.table, evaluation.table)
    let known = Set((0..<own.sizes.speakers).map { Name(own.names[$0].text) })
    speakers = (0..<others.sizes.speakers).map { others.names[$0].text }.filter { known.contains(Name($0)) }
    utterances = (0..<others.sizes.utterances).map { others.ids[$0].text }.filter { own.position(of: $0) != nil }
    let resolved = (0..<others.sizes.files).map { evaluation.path(ofFile: $0) }
    var paths = Set(resolved.map { Name($0) })
    let shared = Self.shared(paths, training)
    paths.subtract(shared)
    let copied = Self.copied(paths, training, counting)
    paths.subtract(copied.map { Name($0.path) })
    let rest = resolved.indices.filter { paths.contains(Name(resolved[$0])) }
    let lengths = evaluation.lengthsOfFiles
    let heard = Self.heard(rest.map { resolved[$0] }, lengths: rest.map { lengths[$0] }, training, counting)
    copies = ByteOrder.sorted(copied + heard.copies, by: \.path)
    files = ByteOrder.sorted(shared.map(\.text) + copies.map(\.path), by: { $0 })
    unread = heard.unread
  }

  /// Those of the paths that are paths of files to train on.
  private static func shared(_ paths: Set<Name>, _ training: Corpus) -> Set<Name> {
    // Only files of the same last name are resolved, because a corpus may have millions.
    let names = Set(paths.map { Name(FileSystem.name(of: $0.text)) })
    return Set(
      (0..<training.table.sizes.files).compactMap { file -> Name? in
        guard names.contains(Name(FileSystem.name(of: training.table.paths[file].text))) else { return nil }
        let path = Name(training.path(ofFile: file))
        return paths.contains(path) ? path : nil
      })
  }

  /// The paths of files whose bytes are those of a file to train on; none where these are too many.
  private static func copied(_ paths: Set<Name>, _ training: Corpus, _ counting: @escaping Counting) -> [Copy] {
    let count = training.table.sizes.files
    guard !paths.isEmpty, count <= SameRecordings.mostFiles else { return [] }
    return SameRecordings.of(
      paths.map(\.text), among: (0..<count).map { training.path(ofFile: $0) }, counting: counting)
  }

  /// The paths of recordings whose audio is that of a recording to train on, and a line where there are too many to
  /// compare.
  /// - Parameter lengths: the lengths of the recordings of the paths in seconds, as far as lists tell them.
  private static func heard(
    _ paths: [String], lengths: [Double?], _ training: Corpus, _ counting: @escaping Counting
  ) -> (copies: [Copy], unread: String?) {
    guard !paths.isEmpty else { return ([], nil) }
    let knownLengths = training.lengthsOfFiles
    let known = SameAudio.places(knownLengths, like: lengths)
    let near = SameAudio.places(lengths, like: known.map { knownLengths[$0] })
    guard max(known.count, near.count) <= SameAudio.mostRecordings else {
      return (
        [],
        "\(known.count.counted("file")) to train on and \(near.count) to evaluate on are compared by path alone, so "
          + "that copies under other names are not found"
      )
    }
    let copies = SameAudio.of(
      near.map { paths[$0] }, among: known.map { training.path(ofFile: $0) }, counting: counting)
    return (copies, nil)
  }

  /// Words that count what is shared and name the first of each kind, copies with what they are copies of; nil where
  /// nothing is.
  package var summary: String? {
    let originals = Dictionary(copies.map { (Name($0.path), $0.original) }, uniquingKeysWith: { first, _ in first })
    let named = files.prefix(3).map { path in originals[Name(path)].map { "\(path) is \($0)" } ?? path }
    let kinds: [(kind: String, count: Int, names: [String])] = [
      ("speaker", speakers.count, Array(speakers.prefix(3))),
      ("utterance", utterances.count, Array(utterances.prefix(3))), ("file", files.count, named),
    ].filter { $0.count > 0 }
    guard !kinds.isEmpty else { return nil }
    return kinds.map { kind, count, names -> String in
      let examples = names.joined(separator: ", ") + (count > 3 ? " …" : "")
      return "\(count) \(kind)\(count == 1 ? "" : "s") (\(examples))"
    }.joined(separator: ", ")
  }
}

extension CorpusTable {
  /// The position of the utterance with an id, or nil where there is none.
  func position(of id: String) -> Int? {
    ByteText.with(id) { wanted in
      ByteOrder.position(among: sizes.utterances) { ids[$0].compare(wanted) }
    }
  }
}
