import Foundation

/// The audio files below a folder.
struct AudioTree {
  static let suffixes: Set<String> = ["wav", "flac", "ogg", "opus", "mp3"]

  /// Paths from the root on, in parts. Names that start with a dot are passed over, links are followed.
  private(set) var files: [[String]] = []
  /// Folders that cannot be listed.
  private(set) var leftOut: [LeftOut] = []
  /// How many other files there are of each suffix.
  private(set) var others: [String: Int] = [:]

  private let root: String

  private struct Folder: Equatable {
    let device: UInt64
    let number: UInt64
  }

  init(root: String) {
    self.root = root
    walk([], above: [])
  }

  private mutating func walk(_ parts: [String], above: [Folder]) {
    let path = ([root] + parts).joined(separator: "/")
    guard let folder = Self.folder(path), !above.contains(folder) else { return }
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: path) else {
      leftOut.append(LeftOut(utterance: "-", path: path, reason: "the folder cannot be listed"))
      return
    }
    for name in names where !name.hasPrefix(".") {
      let suffix = (name as NSString).pathExtension.lowercased()
      if Self.suffixes.contains(suffix) {
        files.append(parts + [name])
      } else if Self.folder(path + "/" + name) != nil {
        walk(parts + [name], above: above + [folder])
      } else {
        others[suffix, default: 0] += 1
      }
    }
  }

  /// The identity of a folder, by which a link back to one above is known; nil for anything else.
  private static func folder(_ path: String) -> Folder? {
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { return nil }
    return Folder(device: UInt64(status.st_dev), number: UInt64(status.st_ino))
  }
}
