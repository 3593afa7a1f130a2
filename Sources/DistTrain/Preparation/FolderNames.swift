/// Names speakers and utterances after folders and files.
enum FolderNames {
  /// A recording and the parts of its id, of which the first is its speaker's folder.
  typealias File = (id: [String], path: String)

  /// The utterances of recordings. Where two folders or files would have one name, because white space in names is
  /// replaced or because one lies in two places, the name is that of the one which has it already, else of the first;
  /// the others are left out.
  static func utterances(_ files: [File]) -> (utterances: [ListedUtterance], leftOut: [LeftOut]) {
    var utterances: [ListedUtterance] = []
    var leftOut: [LeftOut] = []
    let folders = owners(files.map { (UtteranceName.of($0.id[0]), $0.id[0], $0.id[0]) })
    let owned = files.filter { folders[Name(UtteranceName.of($0.id[0]))] == Name($0.id[0]) }
    let paths = owners(owned.map { (UtteranceName.joined($0.id), $0.id.joined(separator: "/"), $0.path) })
    for file in files {
      let speaker = UtteranceName.of(file.id[0])
      let id = UtteranceName.joined(file.id)
      if let folder = folders[Name(speaker)], folder != Name(file.id[0]) {
        leftOut.append(
          LeftOut(
            utterance: id, path: file.path,
            reason:
              "two folders would be one speaker: '\(folder.text)' and '\(file.id[0])' become '\(speaker)': rename one"))
      } else if let path = paths[Name(id)], path != Name(file.path) {
        leftOut.append(
          LeftOut(
            utterance: id, path: file.path,
            reason: "its utterance id is taken: '\(id)' is that of \(path.text): rename one of the two"))
      } else {
        utterances.append(ListedUtterance(id: id, speaker: speaker, path: file.path))
      }
    }
    return (utterances, leftOut)
  }

  /// The owner of each name.
  /// - Parameter claims: a name, what it was before white space was replaced, and what wants it.
  private static func owners(_ claims: [(name: String, before: String, owner: String)]) -> [Name: Name] {
    var owners: [Name: (isExact: Bool, owner: Name)] = [:]
    for claim in claims {
      let isExact = Name(claim.name) == Name(claim.before)
      let known = owners[Name(claim.name)]
      if known == nil || isExact && !known!.isExact { owners[Name(claim.name)] = (isExact, Name(claim.owner)) }
    }
    return owners.mapValues(\.owner)
  }
}
