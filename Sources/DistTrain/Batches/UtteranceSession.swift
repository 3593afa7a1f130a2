/// The recording session that an utterance's id names.
///
/// In VoxCeleb it is the video: `id10270/5r0dWxy17C8/00001.wav`, in Kaldi's recipes `id10270-5r0dWxy17C8-00001`. In a
/// folder tree it is the folders above the file, where there are some below the speaker's. In CN-Celeb it is genre and
/// number: `id00010/singing-01-001.flac`.
enum UtteranceSession {
  /// The session that an id names; nil if it names none.
  static func name(of id: String, speaker: String) -> Substring? {
    // Bytes are compared, not characters: a combining mark behind the slash would make one character with it.
    let slashes = id.utf8.indices.filter { id.utf8[$0] == UInt8(ascii: "/") }
    if slashes.count >= 2 { return id[..<slashes[slashes.count - 1]] }
    let rest: Substring
    if let slash = slashes.first {
      rest = id[id.utf8.index(after: slash)...]
      // A single hyphen is more likely to be a part of a file's name than to set it apart from a session.
      guard rest.utf8.count(where: { $0 == UInt8(ascii: "-") }) >= 2 else { return nil }
    } else {
      guard id.hasPrefix(speaker + "-") else { return nil }
      rest = id.dropFirst(speaker.count + 1)
    }
    return rest.utf8.lastIndex(of: UInt8(ascii: "-")).map { rest[..<$0] }
  }

  /// A number for each utterance, which those of the same speaker and session share. An utterance that names no session
  /// has a number of its own. `areNamed` is true if any two utterances share one.
  static func numbers(_ corpus: Corpus) -> (numbers: [Int32], areNamed: Bool) {
    var numbers = [Int32](repeating: 0, count: corpus.utterances.count)
    var next: Int32 = 0
    var areNamed = false
    for (speaker, own) in corpus.utterancesOfSpeaker.enumerated() {
      var known: [String: Int32] = [:]
      for index in own {
        let utterance = corpus.utterances[index]
        let session = name(
          of: unmarked(utterance.id, utterance), speaker: unmarked(corpus.speakers[speaker], utterance))
        if let session, let number = known[String(session)] {
          numbers[index] = number
          areNamed = true
          continue
        }
        if let session { known[String(session)] = next }
        numbers[index] = next
        next += 1
      }
    }
    return (numbers, areNamed)
  }

  /// The name without the mark of a speed (`Corpus.atSpeeds`).
  private static func unmarked(_ name: String, _ utterance: Utterance) -> String {
    guard utterance.speed != 1, let mark = name.lastIndex(of: "@") else { return name }
    return String(name[..<mark])
  }
}
