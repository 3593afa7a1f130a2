/// The recordings that augmentation draws from, by kind.
package struct RecordingLists: Sendable {
  private var lists: [RecordingKind: RecordingList] = [:]

  /// Finds the recordings below folders.
  /// - Parameters:
  ///   - folders: the folder of each kind that there is.
  ///   - musan: a folder with the folders `noise`, `music` and `speech` of MUSAN (Snyder, Chen and Povey, 2015), or
  ///     some of them, for the kinds that have no folder of their own; nil for none.
  /// - Throws: `Failure(.usage)` that names the setting whose folder is missing or holds no recording.
  init(_ folders: [RecordingKind: String], musan: String?) throws(Failure) {
    let below = try Self.folders(ofMUSAN: musan)
    for kind in RecordingKind.allCases {
      guard let folder = folders[kind] ?? below[kind] else { continue }
      lists[kind] = try RecordingList(below: folder, setting: kind.setting)
    }
  }

  private static func folders(ofMUSAN folder: String?) throws(Failure) -> [RecordingKind: String] {
    guard let folder else { return [:] }
    let below = [RecordingKind.noise, .music, .speech].map { ($0, "\(folder)/\($0.rawValue)") }
      .filter { FileSystem.isFolder($0.1) }
    guard !below.isEmpty else {
      throw Failure(
        .usage,
        "augmentation.musan: \(folder) holds none of the folders noise, music and speech: give MUSAN's folder, or "
          + "augmentation.noise a folder of any recordings")
    }
    return Dictionary(uniqueKeysWithValues: below)
  }

  /// The paths of the recordings of a kind, in the order of their bytes.
  package subscript(kind: RecordingKind) -> [String] { lists[kind]?.paths ?? [] }

  package subscript(place: RecordingPlace) -> String { self[place.kind][place.index] }

  /// The contents of the lists by the names of their kinds: two runs that draw from the same recordings have the same
  /// contents, wherever their folders are.
  package var contents: [String: String] {
    Dictionary(uniqueKeysWithValues: lists.map { ($0.key.rawValue, $0.value.contents) })
  }
}

extension RecordingLists {
  /// The kind of a recording and its name below the folder, such as `noise/street/a.wav`, as checkpoints have it.
  package func name(of place: RecordingPlace) -> String {
    "\(place.kind.rawValue)/\(lists[place.kind]?.names[place.index] ?? "")"
  }

  /// The places of those of the named recordings that the lists have.
  package func places(of names: [String]) -> [RecordingPlace] {
    names.compactMap { name in
      let (kind, rest) = Self.parts(name)
      guard let kind, let index = lists[kind]?.place(of: rest) else { return nil }
      return RecordingPlace(kind: kind, index: index)
    }
  }

  /// The lists with the named recordings back in their places, as far as this makes them the ones of `contents`: what a
  /// run draws does not depend on whether a recording went before it stopped or afterwards.
  package func bringingBack(_ names: [String], toMatch contents: [String: String]) -> RecordingLists {
    var whole = self
    for (kind, list) in lists where list.contents != contents[kind.rawValue] {
      let complete = list.adding(names.map(Self.parts).filter { $0.kind == kind }.map(\.rest))
      if complete.contents == contents[kind.rawValue] { whole.lists[kind] = complete }
    }
    return whole
  }

  private static func parts(_ name: String) -> (kind: RecordingKind?, rest: String) {
    let kind = RecordingKind.allCases.first { name.begins(with: $0.rawValue + "/") }
    return (kind, kind.map { name.dropping(bytes: $0.rawValue.utf8.count + 1) } ?? name)
  }
}
