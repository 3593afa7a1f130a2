/// The files, however deep, where no recording is taken: at paths that are not UTF-8, and in hidden folders. These are
/// walked after everything else, because links may lead from there to what is taken.
struct FilesApart {
  /// A file or folder.
  struct Place {
    let path: [UInt8]
    /// Whether a folder in its path, below the one that is walked, is hidden.
    var isBelowHidden = false

    fileprivate var name: ArraySlice<UInt8> {
      path.suffix(from: path.lastIndex(of: UInt8(ascii: "/")).map { $0 + 1 } ?? 0)
    }
    fileprivate var isHidden: Bool { name.first == UInt8(ascii: ".") }
  }

  /// The recordings whose paths are not UTF-8, and folders that cannot be listed.
  private(set) var leftOut: [LeftOut] = []
  /// The number of other files of each kind that were passed over.
  private(set) var passedOver: [String: Int] = [:]

  /// - Parameter walked: the folders that were walked already; those that are walked here come to them.
  init(_ places: [Place], _ walked: inout Set<FileSystem.Identity>) {
    var places = places
    while let place = places.popLast() {
      guard let identity = FileSystem.folderIdentity(place.path) else {
        take(place)
        continue
      }
      guard walked.insert(identity).inserted else {
        passedOver[AudioTree.knownFolders, default: 0] += 1
        continue
      }
      guard let entries = FileSystem.entries(of: place.path) else {
        leftOut.append(leave(place, FileSystem.unlisted))
        continue
      }
      let isHidden = place.isBelowHidden || place.isHidden
      places += entries.map { Place(path: place.path + [UInt8(ascii: "/")] + $0.name, isBelowHidden: isHidden) }
    }
  }

  private mutating func take(_ place: Place) {
    let suffix = FileSystem.suffix(of: String(showing: Array(place.name)))
    let isAudio = AudioSuffix.rank(suffix) != nil || AudioSuffix.foreign.contains(suffix)
    if place.isHidden || place.isBelowHidden && !isAudio {
      passedOver["hidden", default: 0] += 1
    } else if place.isBelowHidden {
      passedOver["recordings in hidden folders", default: 0] += 1
    } else if isAudio {
      let isOwn = String(validating: place.name, as: UTF8.self) == nil
      leftOut.append(
        leave(place, isOwn ? "its name is not UTF-8: rename it" : "the name of its folder is not UTF-8: rename that"))
    } else {
      passedOver[AudioTree.kind(suffix), default: 0] += 1
    }
  }

  private func leave(_ place: Place, _ reason: String) -> LeftOut {
    LeftOut(utterance: "-", path: String(showing: place.path), reason: reason)
  }
}
