import Foundation

/// The audio files below a folder.
struct AudioTree {
  /// The suffixes of the audio files that are taken.
  static let suffixes: Set<String> = ["wav", "flac", "ogg", "opus", "mp3"]
  /// The suffixes of audio files that libsndfile does not read.
  static let foreignSuffixes: Set<String> = ["m4a", "aac", "mp4", "wma", "amr", "webm"]

  /// The files' paths from the root on, as lists of names. Names that begin with a dot are skipped, and links are
  /// followed.
  private(set) var files: [[String]] = []
  /// The folders that cannot be listed, and audio files that must be converted first.
  private(set) var leftOut: [LeftOut] = []
  /// The number of other files with each suffix.
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

  /// The remedy for audio files that libsndfile does not read, for a message.
  static func conversion(_ suffix: String) -> String {
    "convert them to WAV, for example with ffmpeg -i FILE.\(suffix) -ar 16000 -ac 1 FILE.wav"
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
    leaveOutForeign(names, in: path)
  }

  /// Leaves out audio files that libsndfile does not read, unless a converted file of the same name lies beside them.
  private mutating func leaveOutForeign(_ names: [String], in folder: String) {
    let foreign = names.filter {
      !$0.hasPrefix(".") && Self.foreignSuffixes.contains(($0 as NSString).pathExtension.lowercased())
    }
    guard !foreign.isEmpty else { return }
    let converted = Set(
      names.lazy.map { $0 as NSString }.filter { Self.suffixes.contains($0.pathExtension.lowercased()) }
        .map(\.deletingPathExtension))
    for name in foreign where !converted.contains((name as NSString).deletingPathExtension) {
      let suffix = (name as NSString).pathExtension
      leftOut.append(
        LeftOut(
          utterance: "-", path: folder + "/" + name,
          reason: "is .\(suffix.lowercased()), which libsndfile does not read: \(Self.conversion(suffix))"))
    }
  }

  /// The identity of a folder, which reveals a link back to a folder above; nil for anything that is not a folder.
  private static func folder(_ path: String) -> Folder? {
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { return nil }
    return Folder(device: UInt64(status.st_dev), number: UInt64(status.st_ino))
  }
}
