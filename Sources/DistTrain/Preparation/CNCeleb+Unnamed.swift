extension CNCeleb {
  /// The recordings that no list of CN-Celeb names: one line for each folder of them, because they may be thousands.
  ///
  /// - Parameters:
  ///   - others: the recordings below `data` that are not trained on.
  ///   - root: the folder of CN-Celeb 1, which has the evaluation; nil without one.
  ///   - tree: its folder `eval`.
  static func unnamed(
    _ others: [FolderNames.File], root: String?, _ tree: AudioTree?, _ evaluation: PublishedEvaluation?
  ) -> [LeftOut] {
    let named = Set((evaluation?.utterances ?? []).map { Name(plain($0.path)) })
    let evaluated = Set((evaluation?.utterances ?? []).map { Name($0.speaker) })
    let rest = others.filter { !named.contains(Name(plain($0.path))) }
    let stray = rest.filter { $0.id.count == 1 }.map {
      LeftOut(utterance: "-", path: $0.path, reason: "is not in a speaker's folder")
    }
    let speakers = byFolder(rest.filter { $0.id.count > 1 }) {
      $0.path.dropping(last: $0.id.count - 1)
    } reason: {
      evaluated.contains(Name(FileSystem.name(of: $0)))
        ? "recordings of a speaker of the evaluation that no list names"
        : "recordings of a speaker that no list names"
    }
    guard let root, let tree else { return stray + speakers }
    let tests = tree.files.map { (id: $0, path: "\(root)/eval/" + $0.joined(separator: "/")) }
      .filter { !named.contains(Name(plain($0.path))) }
    return stray + speakers
      + byFolder(tests) {
        $0.path.dropping(last: 1)
      } reason: { _ in
        "recordings that no list of eval/lists names"
      }
      + tree.leftOut.filter { !named.contains(Name(plain($0.path))) }
  }

  /// A line for each folder, with the number of its recordings.
  private static func byFolder(
    _ files: [FolderNames.File], folder: (FolderNames.File) -> String, reason: (String) -> String
  ) -> [LeftOut] {
    let folders = Dictionary(grouping: files) { Name(folder($0)) }
    return ByteOrder.sorted(Array(folders)) { $0.key.text }.map { folder, files in
      LeftOut(utterance: "-", path: folder.text, reason: "\(reason(folder.text)): \(files.count)")
    }
  }

  /// A path without empty parts, which names in lists may have.
  private static func plain(_ path: String) -> String { path.pathParts.joined(separator: "/") }
}

extension String {
  /// An absolute path without its last parts.
  fileprivate func dropping(last count: Int) -> String { "/" + pathParts.dropLast(count).joined(separator: "/") }
}
