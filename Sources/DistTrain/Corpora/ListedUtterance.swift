import Foundation

/// An utterance as a list or a folder tree names it, before its file has been opened.
package struct ListedUtterance: Sendable, Equatable {
  package let id: String
  package let speaker: String
  /// The path of the file, or a command that writes one (`isCommand`).
  package var path: String
  /// The key in wav.scp of the file that `segments` cuts the utterance from; nil where the utterance is the whole file.
  package var recording: String?
  /// The beginning of the utterance within the file, in seconds.
  package var start = 0.0
  /// The length of the utterance in seconds, where the lists tell it.
  package var seconds: Double?
  /// The channel of the file that the utterance is heard on, counted from 0; nil for the mean of all channels.
  package var channel: Int?
  /// The utterances that this one joins, in order; empty for an utterance that joins none.
  package var pieces: [ListedUtterance] = []

  package init(
    id: String, speaker: String, path: String, recording: String? = nil, start: Double = 0, seconds: Double? = nil,
    channel: Int? = nil
  ) {
    self.id = id
    self.speaker = speaker
    self.path = path
    self.recording = recording
    self.start = start
    self.seconds = seconds
    self.channel = channel
  }

  /// Whether the path is a command that writes audio to its standard output, which Kaldi marks by a pipe at the end.
  package var isCommand: Bool { path.utf8.last == UInt8(ascii: "|") }

  /// The utterance with an absolute path.
  func absolute() -> ListedUtterance {
    var utterance = isCommand ? self : located(at: URL(fileURLWithPath: path).path)
    utterance.pieces = pieces.map { $0.absolute() }
    return utterance
  }

  /// The utterance cut to these stretches of its file, in seconds: to a part of the file, or to pieces that the
  /// utterance joins.
  /// - Precondition: the utterance is the whole file.
  func cut(to stretches: [Range<Double>]) -> ListedUtterance {
    var cut = self
    let pieces = stretches.map { piece(start: $0.lowerBound, end: $0.upperBound) }
    if pieces.count > 1 { cut.pieces = pieces } else { (cut.recording, cut.start) = (id, pieces[0].start) }
    cut.seconds = Self.seconds(of: pieces)
    return cut
  }

  /// A piece of the utterance's file, from `start` to `end` in seconds.
  func piece(start: Double, end: Double) -> ListedUtterance {
    ListedUtterance(
      id: "\(id)-\(start)-\(end)", speaker: speaker, path: path, recording: id, start: start,
      seconds: KaldiDirectory.rounded(end - start), channel: channel)
  }

  func located(at path: String) -> ListedUtterance {
    var utterance = self
    utterance.path = path
    return utterance
  }

  /// The length in seconds of all pieces, one after the other.
  static func seconds(of pieces: [ListedUtterance]) -> Double {
    KaldiDirectory.rounded(pieces.reduce(0) { $0 + $1.seconds! })
  }
}
