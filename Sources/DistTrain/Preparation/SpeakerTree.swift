import Foundation

/// Speakers as folders, either of a tree `speaker/**/file` or of VoxCeleb.
struct SpeakerTree {
  private let root: String
  /// The folder as the user names it.
  private let path: String
  private let tree: AudioTree

  init(_ root: String, named path: String) throws {
    self.root = root
    self.path = path.withoutEndingSlashes
    tree = AudioTree(root: root)
    guard !tree.files.isEmpty else { throw dataDirectories ?? noAudio }
  }

  /// The layout that the tree appears to have: VoxCeleb where most of its files lie as VoxCeleb's do.
  /// - Throws: `Failure(.badData)` where folders below are Kaldi data directories or the parts of a corpus, which are no
  ///   speakers.
  func layout() throws -> CorpusLayout {
    if let dataDirectories { throw dataDirectories }
    if 2 * tree.files.count(where: { Self.isVoxCeleb($0) }) > tree.files.count { return .voxceleb }
    if let refusal = SpeakerLevel(tree.files).refusal(root, named: path) { throw refusal }
    return .folders
  }

  func source(_ layout: CorpusLayout) throws -> CorpusSource {
    var files: [FolderNames.File] = []
    var leftOut = tree.leftOut
    for parts in tree.files {
      let path = ([root] + parts).joined(separator: "/")
      switch Self.identity(parts, layout: layout) {
      case .success(let id): files.append((id, path))
      case .failure(let failure): leftOut.append(LeftOut(utterance: "-", path: path, reason: failure.message))
      }
    }
    guard !files.isEmpty else {
      let place = layout == .voxceleb ? "idXXXXX/video/00001.wav" : "speaker/…/file.wav, a folder for each speaker"
      throw Failure(.badData, "\(path): none of its \(tree.files.count) audio files is placed as \(place)")
    }
    let named = FolderNames.utterances(files)
    let notes = layout == .folders ? [SpeakerLevel(tree.files).note].compactMap(\.self) : []
    return CorpusSource(
      layout: layout, utterances: named.utterances, leftOut: leftOut + named.leftOut, passedOver: tree.passedOver,
      notes: notes)
  }

  /// The failure of a tree that holds data directories; nil for one that holds none.
  private var dataDirectories: Failure? {
    guard let first = tree.dataDirectories.min(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) else { return nil }
    let count = tree.dataDirectories.count
    return Failure(
      .badData,
      "\(path): holds \(count == 1 ? "a Kaldi data directory" : "\(count) Kaldi data directories"), which is no "
        + "speaker's folder: prepare each by itself, svdist prepare \(path)/\(first), or give --layout folders")
  }

  private var noAudio: Failure {
    let known = AudioSuffix.readable.sorted().joined(separator: ", ")
    let foreign = tree.leftOut.map { FileSystem.suffix(of: $0.path) }.filter(
      AudioSuffix.foreign.union(AudioSuffix.rare).contains)
    let kinds = tree.passedOver.merging(Dictionary(grouping: foreign) { ".\($0)" }.mapValues(\.count)) { $0 + $1 }
    guard let most = kinds.max(by: { ($0.value, $1.key) < ($1.value, $0.key) }) else {
      let first = tree.leftOut.first.map { "; \($0.path): \($0.reason)" } ?? ""
      return Failure(.badData, "\(path): the folder holds no files; svdist prepare looks for \(known)\(first)")
    }
    let suffix = String(most.key.dropFirst())
    let remedy = AudioSuffix.foreign.contains(suffix) ? AudioSuffix.conversion(suffix) : "convert them first"
    return Failure(
      .badData,
      "\(path): no audio files (\(known)) among \(kinds.values.reduce(0, +)) files, most of them "
        + "\(most.key.begins(with: ".") ? "named \(most.key)" : most.key): \(remedy), or give another folder")
  }

  /// The other files of recordings, by the path of the first (`AudioTree.copies`).
  var copies: [Name: [String]] { tree.copies }

  /// Whether a path has the form `…/id10270/5r0dWxy17C8/00001.wav`.
  private static func isVoxCeleb(_ parts: [String]) -> Bool {
    guard parts.count >= 3 else { return false }
    let speaker = parts[parts.count - 3].utf8
    return speaker.count == 7 && speaker.starts(with: "id".utf8)
      && speaker.dropFirst(2).allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
  }

  /// The parts of an utterance's id, of which the first is its speaker.
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
}
