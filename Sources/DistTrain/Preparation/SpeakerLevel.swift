/// The level of a folder tree at which speakers are taken to lie, right below the source. What the folders there are
/// named and hold tells where they may be something else: the parts of a corpus, with the speakers below them.
struct SpeakerLevel {
  /// The names of the folders right below the source that hold recordings, in the order of the tree.
  private let folders: [String]
  /// The folders with recordings of their own below each of them, as paths from the source on.
  private let inner: [Name: [String]]

  /// - Parameter files: the paths of recordings from the source on, as lists of names.
  init(_ files: [[String]]) {
    var folders: [String] = []
    var inner: [Name: [String]] = [:]
    var seen: Set<Name> = []
    for parts in files where parts.count > 1 {
      if inner[Name(parts[0])] == nil {
        inner[Name(parts[0])] = []
        folders.append(parts[0])
      }
      guard parts.count > 2 else { continue }
      let folder = parts.dropLast().joined(separator: "/")
      if seen.insert(Name(folder)).inserted { inner[Name(parts[0])]!.append(folder) }
    }
    self.folders = folders
    self.inner = inner
  }

  /// The parts of corpora by the words that folders of them have in their names, such as `train-clean-100`.
  private static let parts: [String: String] = [
    "train": "train", "training": "train", "dev": "dev", "devel": "dev", "development": "dev", "valid": "dev",
    "validation": "dev", "test": "test", "testing": "test", "eval": "eval", "evaluation": "eval", "enroll": "enroll",
    "enrol": "enroll", "enrollment": "enroll", "enrolment": "enroll",
  ]

  /// The part of a corpus that a folder is named after; nil for one that is not.
  private static func part(_ name: String) -> String? {
    name.lowercased().split { !$0.isLetter }.lazy.compactMap { parts[String($0)] }.first
  }

  /// The failure of a tree whose folders are all named after parts of a corpus, and not all after the same one.
  /// - Parameters:
  ///   - root: the tree's folder.
  ///   - path: the folder as the user names it.
  func refusal(_ root: String, named path: String) -> Failure? {
    let named = folders.map(Self.part)
    guard !named.contains(nil), Set(named).count > 1 else { return nil }
    let remedy: String
    if ["enroll.map", "enroll.lst"].contains(where: { FileSystem.exists("\(root)/lists/\($0)") }) {
      remedy = "give the folder of CN-Celeb that holds data, dev and eval"
    } else if let deep = folders.first(where: { inner[Name($0)]?.isEmpty == false }) {
      remedy = "prepare each by itself, svdist prepare \(path)/\(deep)"
    } else {
      remedy = "list the recordings with their speakers in a .csv file"
    }
    return Failure(
      .badData,
      "\(path): its folders \(Self.shown(folders)) are named after the parts of a corpus, not after speakers: \(remedy), "
        + "or give --layout folders")
  }

  /// A line about what is taken for speakers, where most of it holds several folders of recordings, or some of it is
  /// named after a part of a corpus; nil elsewhere.
  var note: String? {
    let deep = folders.filter { inner[Name($0)]!.count > 1 }
    if 2 * deep.count > folders.count {
      return
        "the folders right below SOURCE are taken for speakers, such as '\(deep[0])', and those below them for parts of "
        + "their recordings, such as '\(inner[Name(deep[0])]![0])': if these are the speakers, prepare the folders right "
        + "below SOURCE one by one"
    }
    let parts = folders.filter { Self.parts[$0.lowercased()] != nil }
    guard !parts.isEmpty else { return nil }
    return "the folders right below SOURCE are taken for speakers, also \(Self.shown(parts))"
  }

  private static func shown(_ names: [String]) -> String {
    names.prefix(3).map { "'\($0)'" }.joined(separator: ", ") + (names.count > 3 ? " …" : "")
  }
}
