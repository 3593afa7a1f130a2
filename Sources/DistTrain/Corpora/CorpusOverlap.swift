/// The speakers, utterances and files that a corpus to train on shares with one to evaluate on. An error rate over them
/// says nothing of unknown speakers.
package struct CorpusOverlap: Sendable, Equatable {
  package let speakers: [String]
  /// The ids of utterances.
  package let utterances: [String]
  /// The paths of files to evaluate on that are among those to train on: under the same path, under another name of the
  /// same file, or as a copy of the same bytes, as far as `unread` says nothing else.
  package let files: [String]
  /// A line about the files that were compared by their paths alone; nil where there are none.
  package let unread: String?

  /// Compares the corpora as they are recorded, whatever their speeds.
  package init(training: Corpus, evaluation: Corpus) {
    let (own, others) = (training.table, evaluation.table)
    let known = Set((0..<own.sizes.speakers).map { Name(own.names[$0].text) })
    speakers = (0..<others.sizes.speakers).map { others.names[$0].text }.filter { known.contains(Name($0)) }
    utterances = (0..<others.sizes.utterances).map { others.ids[$0].text }.filter { own.position(of: $0) != nil }
    (files, unread) = Self.files(training, evaluation)
  }

  private static func files(_ training: Corpus, _ evaluation: Corpus) -> (files: [String], unread: String?) {
    func path(_ corpus: Corpus, _ file: Int) -> String {
      let path = corpus.table.paths[file].text
      return corpus.places?.resolve(path) ?? path
    }
    let paths = Set((0..<evaluation.table.sizes.files).map { Name(path(evaluation, $0)) })
    // Only files of the same last name are resolved, because a corpus may have millions.
    let names = Set(paths.map { Name(FileSystem.name(of: $0.text)) })
    let count = training.table.sizes.files
    var shared = Set(
      (0..<count).compactMap { file -> Name? in
        guard names.contains(Name(FileSystem.name(of: training.table.paths[file].text))) else { return nil }
        let path = Name(path(training, file))
        return paths.contains(path) ? path : nil
      })
    let others = paths.subtracting(shared).map(\.text)
    if count <= SameRecordings.mostFiles {
      let copies = SameRecordings.of(others, among: (0..<count).map { path(training, $0) })
      shared.formUnion(copies.map { Name($0) })
    }
    return (ByteOrder.sorted(Array(shared), by: \.text).map(\.text), unread(training, others))
  }

  /// A line about the files that were compared by their paths alone.
  /// - Parameter others: the files to evaluate on that have other paths than those to train on.
  private static func unread(_ training: Corpus, _ others: [String]) -> String? {
    guard !others.isEmpty else { return nil }
    let count = training.table.sizes.files
    let inShards =
      (0..<count).count { ShardMember.place(training.table.paths[$0].text) != nil }
      + others.count { ShardMember.place($0) != nil }
    let files: String
    if count > SameRecordings.mostFiles {
      files = "\(count) files to train on"
    } else if inShards == 0 {
      return nil
    } else {
      files = "recordings in shards (\(inShards))"
    }
    return "\(files) are compared by path alone, so that copies under other names are not found"
  }

  /// Words that count what is shared and name the first of each kind; nil where nothing is.
  package var summary: String? {
    let kinds = [("speaker", speakers), ("utterance", utterances), ("file", files)].filter { !$0.1.isEmpty }
    guard !kinds.isEmpty else { return nil }
    let counts = kinds.map { kind, names in
      "\(names.count) \(kind)\(names.count == 1 ? "" : "s") (\(names.prefix(3).joined(separator: ", "))\(names.count > 3 ? " …" : ""))"
    }
    return counts.joined(separator: ", ")
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
