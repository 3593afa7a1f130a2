import Foundation

/// The audio that svdist prepare writes, joined utterances and the output of commands, as 16-bit FLAC files of one
/// channel.
package enum PreparedAudio {
  /// The folder of the output that holds the audio. No other program uses this name, so that `--overwrite` never takes
  /// someone's recordings for it.
  static let folderName = "svdist-audio"
  package static let joinedName = "joined.tsv"
  private static let filesPerFolder = 1000

  /// The path of the file with this number, relative to a folder.
  static func place(_ number: Int) -> String {
    String(format: "%04d/%07d.flac", number / filesPerFolder, number)
  }

  /// Writes a file for each utterance that joins others, and returns the utterances with the paths of these files.
  ///
  /// - Parameters:
  ///   - folder: the folder below which the files are written.
  ///   - final: the path that this folder will have in the end.
  static func writeJoined(
    _ utterances: [ListedUtterance], below folder: String, named final: String
  ) throws -> [ListedUtterance] {
    let joined = utterances.indices.filter { !utterances[$0].pieces.isEmpty }
    let files = Array(joined.enumerated())
    for number in stride(from: 0, to: files.count, by: filesPerFolder) {
      try FileSystem.createFolder(FileSystem.folder(of: "\(folder)/\(place(number))"))
    }
    let outcomes = files.concurrentMap { number, index in
      Result { try write(utterances[index].pieces, to: "\(folder)/\(place(number))") }
    }
    var utterances = utterances
    for (number, index) in files {
      try outcomes[number].get()
      utterances[index].path = "\(final)/\(place(number))"
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
  private static func write(_ pieces: [ListedUtterance], to path: String) throws {
    let rate = try pieces.map { try AudioFile(path: $0.path).sampleRate }.max()!
    let file = try FLACFile(path: path, sampleRate: rate)
    for piece in pieces {
      try file.append(
        Waveform.read(path: piece.path, start: piece.start, seconds: piece.seconds, sampleRate: rate))
    }
    try file.close()
  }
}
