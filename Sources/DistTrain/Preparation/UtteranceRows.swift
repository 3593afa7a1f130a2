/// The utterances of a list with one line for each. White space in ids and speakers is replaced, and they stay
/// distinct.
struct UtteranceRows {
  private(set) var utterances: [ListedUtterance] = []
  /// The lines that make no utterance.
  private(set) var leftOut: [LeftOut] = []
  private var firstFault: Failure?
  /// The line of the first command, where commands are not allowed.
  private var refusedCommand: Failure?
  private let path: String
  private let allowsCommands: Bool
  private var resolver: PathResolver
  private var lines: [Name: Int] = [:]
  private var speakers: [Name: Name] = [:]

  /// - Parameter allowsCommands: whether the list may name commands that end in a pipe (`ListedUtterance.isCommand`);
  ///   where it may not, one of them refuses the whole list (`withRecordings`), as in a data directory.
  init(path: String, allowsCommands: Bool) {
    self.path = path
    self.allowsCommands = allowsCommands
    resolver = PathResolver(folder: FileSystem.folder(of: path))
  }

  /// Takes a line, and notes it among those left out where `add` throws.
  mutating func take(line: Int, _ add: (inout UtteranceRows) throws -> Void) {
    do {
      try add(&self)
    } catch {
      let failure = Failure(error)
      let place = "\(path):\(line)"
      firstFault = firstFault ?? failure
      leftOut.append(
        LeftOut(utterance: "-", path: place, reason: failure.reason(at: place)))
    }
  }

  /// Adds the utterance of a line.
  /// - Parameters:
  ///   - file: the path of the file; a relative one is looked for beside the list, then in the working directory.
  ///   - stretch: the stretch of the file, up to its end where it has no length; nil for the whole file.
  ///   - pieces: the stretches of the file that the utterance joins; empty for one stretch or the whole file.
  /// - Throws: `Failure(.badData)` for an id that came before, or two speakers that would have the same name.
  mutating func add(
    id: String, speaker: String, file: String, stretch: (start: Double, seconds: Double?)? = nil,
    pieces: [(start: Double, seconds: Double)] = [], line: Int
  ) throws {
    // JSON can write one in text. The system takes a path for what comes before it.
    guard ![id, speaker, file].contains(where: { $0.utf8.contains(0) }) else {
      throw Failure(.badData, "\(path):\(line): a zero byte in an id, a speaker or a path: correct the line")
    }
    let utterance = UtteranceName.of(id)
    if let earlier = lines[Name(utterance)] {
      throw Failure(
        .badData,
        "\(path):\(line): its utterance id is taken: '\(utterance)' is on line \(earlier) already: give each its own")
    }
    let name = UtteranceName.of(speaker)
    if let known = speakers[Name(name)], known != Name(speaker) {
      throw Failure(
        .badData,
        "\(path):\(line): two speakers would be one: '\(known.text)' and '\(speaker)' become '\(name)': rename one")
    }
    lines[Name(utterance)] = line
    speakers[Name(name)] = Name(speaker)
    let place = file.ends(with: "|") ? file : resolver.resolve(file)
    var row = ListedUtterance(
      id: utterance, speaker: name, path: place, recording: stretch == nil ? nil : "", start: stretch?.start ?? 0,
      seconds: stretch?.seconds)
    if row.isCommand, !allowsCommands, refusedCommand == nil {
      refusedCommand = Failure(.badData, "\(path):\(line): \(KaldiDirectory.commandRefusal(utterance))")
    }
    row.pieces = pieces.map { row.piece(start: $0.start, end: KaldiDirectory.rounded($0.start + $0.seconds)) }
    utterances.append(row)
  }

  /// The utterances with the names of the recordings that they are cut from. A recording is named after the first
  /// utterance of its file, whose id no other utterance has.
  /// - Throws: `Failure(.badData)` with the first line where none is right, and for a command where commands are not
  ///   allowed.
  func withRecordings() throws -> [ListedUtterance] {
    if let refusedCommand { throw refusedCommand }
    if utterances.isEmpty, let firstFault { throw firstFault }
    guard utterances.contains(where: { $0.recording != nil }) else { return utterances.map { $0.absolute() } }
    var keys: [Name: String] = [:]
    return utterances.map { utterance in
      var utterance = utterance.absolute()
      let key = keys[Name(utterance.path)] ?? utterance.id
      keys[Name(utterance.path)] = key
      if utterance.recording != nil { utterance.recording = key }
      return utterance
    }
  }
}
