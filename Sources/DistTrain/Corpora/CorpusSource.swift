import Foundation

/// Recordings as svdist prepare finds them: utterances and speakers named, nothing opened yet.
package struct CorpusSource: Sendable {
  package let layout: CorpusLayout
  /// In the byte order of their ids; all paths are absolute.
  package let utterances: [ListedUtterance]
  package let hasSegments: Bool
  /// What the layout has no place for.
  package let leftOut: [LeftOut]

  /// Reads a folder in the given layout, or in the one it looks like. Throws `.badData` where there is no audio, a list is
  /// malformed, or two files would get one name.
  package init(_ path: String, layout: CorpusLayout? = nil) throws {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw Failure(.badData, "\(path): no such folder")
    }
    guard isFolder.boolValue else {
      throw Failure(.badData, "\(path): not a folder; give the folder that holds the speakers' folders or the lists")
    }
    let root = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
    let hasLists = ["wav.scp", "utt2spk"].contains { FileManager.default.fileExists(atPath: "\(root)/\($0)") }
    if layout == .kaldi || (layout == nil && hasLists) {
      let lists = try KaldiDirectory(root)
      self.layout = .kaldi
      utterances = lists.utterances.map { $0.absolute() }
      hasSegments = lists.hasSegments
      leftOut = []
      return
    }
    let tree = AudioTree(root: root)
    guard !tree.files.isEmpty else { throw Self.noAudio(path, tree) }
    let ofVoxCeleb = tree.files.count { Self.isVoxCeleb($0) }
    self.layout = layout ?? (2 * ofVoxCeleb > tree.files.count ? .voxceleb : .folders)
    hasSegments = false
    var utterances: [ListedUtterance] = []
    var leftOut = tree.leftOut
    for parts in tree.files {
      let path = ([root] + parts).joined(separator: "/")
      switch Self.identity(parts, layout: self.layout) {
      case .success(let id):
        utterances.append(ListedUtterance(id: Self.named(id), speaker: Self.named(id[0]), path: path))
      case .failure(let failure):
        leftOut.append(LeftOut(utterance: "-", path: path, reason: failure.message))
      }
    }
    self.utterances = ByteOrder.sorted(ByteOrder.sorted(utterances) { $0.path }) { $0.id }
    self.leftOut = leftOut
    guard !utterances.isEmpty else {
      let place = self.layout == .voxceleb ? "idXXXXX/video/00001.wav" : "speaker/…/file.wav, a folder for each speaker"
      throw Failure(.badData, "\(path): none of its \(tree.files.count) audio files is placed as \(place)")
    }
    try checkNames()
  }

  private static func noAudio(_ path: String, _ tree: AudioTree) -> Failure {
    let known = AudioTree.suffixes.sorted().joined(separator: ", ")
    guard let most = tree.others.max(by: { ($0.value, $1.key) < ($1.value, $0.key) }) else {
      return Failure(.badData, "\(path): the folder holds no files; svdist prepare looks for \(known)")
    }
    let name = most.key.isEmpty ? "without a suffix" : "named .\(most.key)"
    return Failure(
      .badData,
      "\(path): no audio files (\(known)) among \(tree.others.values.reduce(0, +)) files, most of them \(name): "
        + "convert them first, or give another folder")
  }

  /// `…/id10270/5r0dWxy17C8/00001.wav`
  private static func isVoxCeleb(_ parts: [String]) -> Bool {
    guard parts.count >= 3 else { return false }
    let speaker = parts[parts.count - 3].utf8
    return speaker.count == 7 && speaker.starts(with: "id".utf8)
      && speaker.dropFirst(2).allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
  }

  /// The parts of an utterance's id, its speaker first.
  private static func identity(_ parts: [String], layout: CorpusLayout) -> Result<[String], Failure> {
    if parts.contains(where: { $0.contains(where: \.isNewline) }) {
      return .failure(Failure(.badData, "has a line break in its name: rename it"))
    }
    if layout == .voxceleb {
      guard isVoxCeleb(parts) else { return .failure(Failure(.badData, "is not in an idXXXXX/video folder")) }
      return .success(Array(parts.suffix(3)))
    }
    guard parts.count >= 2 else { return .failure(Failure(.badData, "is not in a speaker's folder")) }
    return .success(parts)
  }

  /// The name without white space, which separates fields in the lists.
  private static func named(_ parts: [String]) -> String {
    parts.map { named($0) }.joined(separator: "/")
  }

  private static func named(_ part: String) -> String {
    String(String.UnicodeScalarView(part.unicodeScalars.map { $0.properties.isWhitespace ? "_" : $0 }))
  }

  private func checkNames() throws {
    for (first, second) in zip(utterances, utterances.dropFirst()) where ByteOrder.equal(first.id, second.id) {
      throw Failure(
        .badData, "\(second.path): the utterance id '\(second.id)' is taken by \(first.path): rename one of the two")
    }
    guard layout == .folders else { return }
    var folders: [String: Substring] = [:]
    for utterance in utterances {
      let depth = utterance.id.utf8.count { $0 == UInt8(ascii: "/") }
      let folder = utterance.path.split(separator: "/").dropLast(depth).last ?? ""
      if let known = folders.updateValue(folder, forKey: utterance.speaker), known != folder {
        throw Failure(
          .badData, "the folders '\(known)' and '\(folder)' would both be speaker '\(utterance.speaker)': rename one")
      }
    }
  }
}
