import Foundation

/// The audio files below a folder, and an account of everything else there.
struct AudioTree {
  /// The files' paths from the root on, as lists of names. Links are followed.
  private(set) var files: [[String]] = []
  /// The other files of a recording of `files`, which have its name and other suffixes, those first that are rather
  /// taken: whole paths, by that of the file.
  private(set) var copies: [Name: [String]] = [:]
  /// The files that may be speech and are not taken: folders that cannot be listed, and audio files that must be
  /// converted first, are of a rare format or at a path that is not UTF-8.
  private(set) var leftOut: [LeftOut] = []
  /// The number of other files of each kind that were passed over: `.txt`, `without a suffix`, `hidden`.
  private(set) var passedOver: [String: Int] = [:]
  /// The paths, from the root on, of the folders that hold a list of recordings.
  private(set) var dataDirectories: [String] = []

  private let root: String
  /// The folders that were walked: each is walked once, however many links lead to it.
  private var walked: Set<FileSystem.Identity> = []
  /// Links to folders, which are followed once all folders themselves were walked.
  private var links: [[String]] = []
  /// The files and folders at paths that are not UTF-8, and the hidden folders.
  private var apart: [FilesApart.Place] = []

  /// Files whose suffixes are those of rare formats.
  private var rare: [[String]] = []

  /// The kind of the folders to which several paths lead.
  static let knownFolders = "links to folders that are read already"

  /// The kind of a file that is passed over.
  static func kind(_ suffix: String) -> String { suffix.isEmpty ? "without a suffix" : ".\(suffix)" }

  init(root: String) {
    self.root = root
    walk([])
    while !links.isEmpty {
      let found = links
      links = []
      for parts in found { walk(parts) }
    }
    let rest = FilesApart(apart, &walked)
    leftOut += rest.leftOut
    passedOver.merge(rest.passedOver, uniquingKeysWith: +)
    leaveRare()
    files.sort { $0.joined(separator: "/").utf8.lexicographicallyPrecedes($1.joined(separator: "/").utf8) }
  }

  private func path(_ parts: [String]) -> String { ([root] + parts).joined(separator: "/") }

  /// Walks a folder and those below it, with a list of folders to come instead of recursion, which a deep tree would
  /// exhaust.
  private mutating func walk(_ first: [String]) {
    var folders = [first]
    while let parts = folders.popLast() {
      let path = path(parts)
      if let identity = FileSystem.folderIdentity(Array(path.utf8)), !walked.insert(identity).inserted {
        passedOver[Self.knownFolders, default: 0] += 1
        continue
      }
      guard let (entries, unreadable) = FileSystem.entries(of: path) else {
        leftOut.append(LeftOut(utterance: "-", path: path, reason: FileSystem.unlisted))
        continue
      }
      apart += unreadable.map { FilesApart.Place(path: Array("\(path)/".utf8) + $0) }
      take(entries, in: parts, &folders)
    }
  }

  private mutating func take(_ entries: [FileSystem.Entry], in parts: [String], _ folders: inout [[String]]) {
    var audio: [String] = []
    for entry in entries {
      let path = path(parts + [entry.name])
      if entry.name.begins(with: ".") {
        apart.append(FilesApart.Place(path: Array(path.utf8)))
      } else if let isLink = Self.isLinkedFolder(path, entry.type) {
        if isLink { links.append(parts + [entry.name]) } else { folders.append(parts + [entry.name]) }
      } else {
        let suffix = FileSystem.suffix(of: entry.name)
        if AudioSuffix.rare.contains(suffix) {
          rare.append(parts + [entry.name])
        } else if AudioSuffix.rank(suffix) != nil || AudioSuffix.foreign.contains(suffix) {
          audio.append(entry.name)
        } else {
          passedOver[Self.kind(suffix), default: 0] += 1
          if entry.name == "wav.scp" { dataDirectories.append(parts.joined(separator: "/")) }
        }
      }
    }
    takeAudio(audio, in: parts)
  }

  /// Takes one audio file of each name, with its copies, and lists those of formats that libsndfile does not read.
  private mutating func takeAudio(_ names: [String], in parts: [String]) {
    let readable = names.filter { AudioSuffix.rank(FileSystem.suffix(of: $0)) != nil }
    let groups = Dictionary(grouping: readable) { Name(FileSystem.stem(of: $0)) }
    for name in names where AudioSuffix.foreign.contains(FileSystem.suffix(of: name)) {
      let suffix = FileSystem.suffix(of: name)
      if groups[Name(FileSystem.stem(of: name))] != nil {
        passedOver[".\(suffix) beside a converted copy", default: 0] += 1
      } else {
        leftOut.append(LeftOut(utterance: "-", path: path(parts + [name]), reason: AudioSuffix.refusal(suffix)))
      }
    }
    for name in readable {
      let group = groups[Name(FileSystem.stem(of: name))]!
      guard Name(group[0]) == Name(name) else { continue }
      let ranks = group.map { AudioSuffix.rank(FileSystem.suffix(of: $0))! }
      let order = group.indices.sorted { (ranks[$0], $0) < (ranks[$1], $1) }
      let paths = order.map { path(parts + [group[$0]]) }
      files.append(parts + [group[order[0]]])
      if paths.count > 1 { copies[Name(paths[0])] = Array(paths.dropFirst()) }
    }
  }

  /// Lists those files of rare formats that are recordings, and those that must be converted.
  private mutating func leaveRare() {
    let paths = rare.map { path($0) }
    for (path, isRecording) in zip(paths, paths.concurrentMap { (try? AudioFile(path: $0)) != nil }) {
      let suffix = FileSystem.suffix(of: path)
      if isRecording || AudioSuffix.foreign.contains(suffix) {
        let reason = isRecording ? AudioSuffix.rarity(suffix) : AudioSuffix.refusal(suffix)
        leftOut.append(LeftOut(utterance: "-", path: path, reason: reason))
      } else {
        passedOver[Self.kind(suffix), default: 0] += 1
      }
    }
  }

  /// Whether a path is a link to a folder; nil where it is no folder at all.
  private static func isLinkedFolder(_ path: String, _ type: Int) -> Bool? {
    if type == DT_REG { return nil }
    if type == DT_DIR { return false }
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { return nil }
    return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK
  }
}
