import Foundation

/// An utterance as a list or a folder tree names it, before anyone has opened its file.
package struct ListedUtterance: Sendable, Equatable {
  package let id: String
  package let speaker: String
  package let path: String
  /// The key in wav.scp of the file that `segments` cuts the utterance from; nil where the utterance is the whole file.
  package var recording: String?
  /// Where the utterance begins in the file, in seconds.
  package var start = 0.0
  /// The length of the utterance in seconds, where the lists tell it.
  package var seconds: Double?

  package init(
    id: String, speaker: String, path: String, recording: String? = nil, start: Double = 0, seconds: Double? = nil
  ) {
    self.id = id
    self.speaker = speaker
    self.path = path
    self.recording = recording
    self.start = start
    self.seconds = seconds
  }

  /// The utterance with its path from the root of the file system on.
  func absolute() -> ListedUtterance {
    ListedUtterance(
      id: id, speaker: speaker, path: URL(fileURLWithPath: path).path, recording: recording, start: start,
      seconds: seconds)
  }
}
