import Foundation

/// The audio that svdist prepare writes as 16-bit FLAC files: joined utterances and utterances of one channel, which
/// have one channel, and the output of commands.
package enum PreparedAudio {
  /// The folder of the output that holds the audio. No other program uses this name, so that `--overwrite` never takes
  /// someone's recordings for it.
  package static let folderName = "svdist-audio"
  package static let joinedName = "joined.tsv"
  private static let filesPerFolder = 1000

  /// The path of the file with this number, relative to a folder.
  static func place(_ number: Int) -> String {
    String(format: "%04d/%07d.flac", number / filesPerFolder, number)
  }

  /// Whether a path within the folder of the audio, given as its parts, is one of a file that is written there.
  /// - Parameter parts: the names of an output's parts, which joined utterances are below.
  static func has(_ path: [String], parts: Set<String>) -> Bool {
    guard let first = path.first, ["joined", "commands"].contains(first) else { return false }
    let rest = path.dropFirst().first.map { first == "joined" && parts.contains($0) } == true ? 2 : 1
    let place = path.dropFirst(rest).joined(separator: "/")
    return place.isEmpty || (Int(digits(of: place)).map { Self.place($0) == place } ?? false)
  }

  /// The number by which a place is named.
  private static func digits(of place: String) -> String {
    String(FileSystem.name(of: place).prefix { $0 != "." })
  }

  /// Writes a file for each utterance that joins others or is heard on one channel of several, since lists name neither
  /// in a way that other tools read. Returns the utterances with the paths of these files.
  ///
  /// - Parameters:
  ///   - folder: the folder below which the files are written.
  ///   - final: the path that this folder will have in the end.
  ///   - clipping: takes the number of samples that were clipped.
  static func write(
    _ utterances: [ListedUtterance], below folder: String, named final: String, clipping: inout Clipping
  ) throws -> [ListedUtterance] {
    let written = utterances.indices.filter { utterances[$0].needsFile }
    let files = Array(written.enumerated())
    for number in stride(from: 0, to: files.count, by: filesPerFolder) {
      try FileSystem.createFolder(FileSystem.folder(of: "\(folder)/\(place(number))"))
    }
    let outcomes = files.concurrentMap { number, index in
      let utterance = utterances[index]
      return Result {
        try write(utterance.pieces.isEmpty ? [utterance] : utterance.pieces, to: "\(folder)/\(place(number))")
      }
    }
    var utterances = utterances
    for (number, index) in files {
      clipping.add(try outcomes[number].get(), of: utterances[index].id)
      utterances[index].path = "\(final)/\(place(number))"
      utterances[index].recording = nil
      utterances[index].start = 0
      utterances[index].channel = nil
    }
    return utterances
  }

  /// The lines of joined.tsv: each piece, with the utterance that it is part of and the second at which it begins
  /// there.
  static func report(_ utterances: [ListedUtterance]) -> [String] {
    ["utterance\tbegins\tpiece"]
      + utterances.flatMap { utterance in
        var begins = 0.0
        return utterance.pieces.map { piece in
          defer { begins = KaldiDirectory.rounded(begins + piece.seconds!) }
          return "\(utterance.id)\t\(begins)\t\(piece.id)"
        }
      }
  }

  /// Writes the pieces one after the other, at the highest of their rates.
  /// - Returns: the number of samples that were clipped.
  private static func write(_ pieces: [ListedUtterance], to path: String) throws -> Int {
    let rate = try pieces.map { try AudioFile(path: $0.path).sampleRate }.max()!
    let file = try FLACFile(path: path, sampleRate: rate)
    for piece in pieces {
      try file.append(
        Waveform.read(
          path: piece.path, start: piece.start, seconds: piece.seconds, sampleRate: rate, channel: piece.channel))
    }
    try file.close()
    return file.clipped
  }
}

extension ListedUtterance {
  /// Whether the utterance can be listed only once it has a file of its own.
  package var needsFile: Bool { !pieces.isEmpty || channel != nil }
}
