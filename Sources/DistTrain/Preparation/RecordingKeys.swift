/// Gives each file of a data directory a key of its own in `wav.scp`.
///
/// A file that is one utterance has that utterance's id for its key, and a recording of which utterances are parts has
/// the key that its source gives it. The two may be the same name for two files, as where a channel of a recording is
/// written to a file of its own and another utterance is a part of the recording: then the recording gets another key.
struct RecordingKeys {
  /// The path of each key's file.
  private(set) var files: [Name: String] = [:]
  /// The keys of the recordings that do not have those of their source.
  private var renamed: [Name: Name] = [:]

  /// - Throws: `Failure(.badData)` where one key has two paths.
  init(_ utterances: [ListedUtterance]) throws {
    for utterance in utterances where utterance.recording == nil { try add(Name(utterance.id), utterance.path) }
    var recordings: [Name: String] = [:]
    for utterance in utterances {
      guard let key = utterance.recording.map({ Name($0) }) else { continue }
      try Self.check(key, recordings.updateValue(utterance.path, forKey: key), utterance.path)
    }
    let taken = Set(files.keys).union(recordings.keys)
    for (key, path) in recordings {
      let isFree = files[key].map { Name($0) == Name(path) } ?? true
      let own = isFree ? key : Self.other(than: key, taken)
      if !isFree { renamed[key] = own }
      try add(own, path)
    }
  }

  /// The key of an utterance's file.
  func key(of utterance: ListedUtterance) -> String {
    guard let recording = utterance.recording else { return utterance.id }
    return renamed[Name(recording)]?.text ?? recording
  }

  private mutating func add(_ key: Name, _ path: String) throws {
    try Self.check(key, files.updateValue(path, forKey: key), path)
  }

  private static func check(_ key: Name, _ earlier: String?, _ path: String) throws {
    guard let earlier, Name(earlier) != Name(path) else { return }
    throw Failure(
      .badData, "\(path): its key in wav.scp would be that of \(earlier): '\(key.text)': rename one of the two")
  }

  /// A key that nothing has. No two keys get the same one, because they differ before the last `-recording`.
  private static func other(than key: Name, _ taken: Set<Name>) -> Name {
    let candidates = (1...).lazy.map { Name("\(key.text)-recording\($0 == 1 ? "" : "\($0)")") }
    return candidates.first { !taken.contains($0) }!
  }
}
