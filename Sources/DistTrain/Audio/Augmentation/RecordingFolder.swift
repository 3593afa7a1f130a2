import Foundation

/// The folders of noises, music, voices and impulse responses.
enum RecordingFolder {
  /// The file extensions of the recordings that libsndfile reads.
  private static let extensions: Set<String> = [
    "wav", "flac", "ogg", "oga", "opus", "mp3", "aif", "aiff", "au", "caf", "w64", "rf64", "sph",
  ]

  /// The recordings under a folder, in the order of the bytes of their paths; none where no folder is given.
  ///
  /// - Throws: `Failure(.usage)` that names the setting where the folder is missing or holds no recording.
  static func recordings(in folder: String?, setting: String) throws(Failure) -> [String] {
    guard let folder else { return [] }
    guard isFolder(folder) else {
      throw Failure(.usage, "\(setting): \(folder) is not a folder: give one of recordings, or leave the setting out")
    }
    let root = URL(fileURLWithPath: folder).resolvingSymlinksInPath().path
    let names = (FileManager.default.enumerator(atPath: root)?.compactMap { $0 as? String } ?? []).filter { name in
      !name.split(separator: "/").contains { $0.hasPrefix(".") }
        && extensions.contains(URL(fileURLWithPath: name).pathExtension.lowercased())
    }
    guard !names.isEmpty else {
      throw Failure(
        .usage,
        "\(setting): no recording (WAV, FLAC, Ogg, MP3) under \(folder): give another folder, or leave the setting out")
    }
    return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.map { "\(root)/\($0)" }
  }

  /// Those of the folders `noise`, `music` and `speech` of MUSAN (Snyder, Chen and Povey, 2015) that exist, by name.
  /// - Throws: `Failure(.usage)` where none of them exists.
  static func musan(_ folder: String?) throws(Failure) -> [String: String] {
    guard let folder else { return [:] }
    let below = ["noise", "music", "speech"].map { ($0, "\(folder)/\($0)") }.filter { isFolder($0.1) }
    guard !below.isEmpty else {
      throw Failure(
        .usage,
        "augmentation.musan: \(folder) holds none of the folders noise, music and speech: give MUSAN's folder, or "
          + "augmentation.noise a folder of any recordings")
    }
    return Dictionary(uniqueKeysWithValues: below)
  }

  private static func isFolder(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
  }
}
