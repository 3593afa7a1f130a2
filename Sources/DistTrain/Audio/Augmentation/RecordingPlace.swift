/// A kind of recordings that augmentation draws from, by the name that its setting has.
package enum RecordingKind: String, CaseIterable, Sendable {
  case noise, music, speech, rooms

  /// The setting that names the folder of such recordings.
  package var setting: String { "augmentation.\(rawValue)" }
}

/// A recording by its place in the list of its kind.
package struct RecordingPlace: Sendable, Hashable {
  package let kind: RecordingKind
  package let index: Int

  package init(kind: RecordingKind, index: Int) {
    self.kind = kind
    self.index = index
  }
}

/// A recording that cannot be read, with the reason.
package struct UnreadableRecording: Sendable, Equatable {
  package let place: RecordingPlace
  package let reason: String

  package init(place: RecordingPlace, reason: String) {
    self.place = place
    self.reason = reason
  }
}
