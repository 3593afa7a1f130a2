/// One voice of babble, which is a stretch of a recording.
package struct BabbleVoice: Sendable, Equatable {
  package let path: String
  /// The beginning of the utterance within the recording, in seconds.
  package let start: Double
  /// The length of the utterance in seconds, or nil for all that follows.
  package let seconds: Double?
  /// The channel of the recording, counted from 0; nil for the mean of all channels.
  package let channel: Int?
  /// The place within the utterance at which the stretch begins, as a fraction in 0 ..< 1.
  package let offset: Double
  /// The place of the recording in the list of voices; nil for one of the training corpus, without which the babble
  /// does where it cannot be read.
  package let file: Int?

  package init(
    path: String, start: Double = 0, seconds: Double? = nil, channel: Int? = nil, offset: Double, file: Int? = nil
  ) {
    self.path = path
    self.start = start
    self.seconds = seconds
    self.channel = channel
    self.offset = offset
    self.file = file
  }
}
