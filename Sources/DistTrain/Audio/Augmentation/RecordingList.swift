import Foundation

/// The recordings of one kind that augmentation draws from: those below a folder, in the order of the bytes of their
/// names.
struct RecordingList: Sendable {
  /// The path of the folder without links.
  private let folder: String
  /// The paths of the recordings below the folder.
  let names: [String]
  /// The paths of the recordings.
  let paths: [String]
  /// The number of the recordings, and the first half of the SHA-256 of their names, as a run's checkpoints have it.
  /// The draws depend on nothing else: a recording whose file was damaged is still the one that was drawn.
  let contents: String

  /// Finds the recordings below a folder, at any depth.
  /// - Throws: `Failure(.usage)` that names the setting where the folder is missing or holds no recording.
  init(below folder: String, setting: String) throws(Failure) {
    guard FileSystem.isFolder(folder) else {
      throw Failure(.usage, "\(setting): \(folder) is not a folder: give one of recordings, or leave the setting out")
    }
    let root = URL(fileURLWithPath: folder).resolvingSymlinksInPath().path
    let names = (FileManager.default.enumerator(atPath: root)?.compactMap { $0 as? String } ?? []).filter { name in
      !name.split(separator: "/").contains { $0.hasPrefix(".") }
        && AudioSuffix.rank(FileSystem.suffix(of: name)) != nil
    }
    guard !names.isEmpty else {
      throw Failure(
        .usage,
        "\(setting): no recording (.\(AudioSuffix.readable.joined(separator: ", ."))) under \(folder): give another folder, "
          + "or leave the setting out")
    }
    self.init(names, in: root)
  }

  private init(_ names: [String], in folder: String) {
    self.folder = folder
    self.names = ByteOrder.sorted(names) { $0 }
    paths = self.names.map { "\(folder)/\($0)" }
    // A zero, which no name has, keeps names apart.
    let bytes = self.names.flatMap { name -> [UInt8] in Array(name.utf8) + [0] }
    let digest = bytes.withUnsafeBytes { SHA256.of($0) }.prefix(16).hexadecimal
    contents = "\(names.count.counted("recording")), SHA-256 \(digest)"
  }

  /// The list with further names, each once.
  func adding(_ more: [String]) -> RecordingList {
    let known = Set(names.map { Name($0) })
    let new = Set(more.map { Name($0) }).subtracting(known)
    return new.isEmpty ? self : RecordingList(names + new.map(\.text), in: folder)
  }

  /// The place of a name in the list; nil where it is not there.
  func place(of name: String) -> Int? { ByteOrder.find(name, in: names) { $0 } }
}
