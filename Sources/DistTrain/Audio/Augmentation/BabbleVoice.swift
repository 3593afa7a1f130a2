/// One voice of babble: a stretch of a recording.
package struct BabbleVoice: Sendable, Equatable {
  package let path: String
  /// The part of the recording that is the utterance, in seconds; nil for all that follows.
  package let start: Double
  package let seconds: Double?
  /// Where in it the stretch begins, in 0 ..< 1.
  package let offset: Double
  /// The training corpus's own recordings may be broken: then the babble has a voice less.
  package let isDispensable: Bool

  package init(path: String, start: Double = 0, seconds: Double? = nil, offset: Double, isDispensable: Bool = false) {
    self.path = path
    self.start = start
    self.seconds = seconds
    self.offset = offset
    self.isDispensable = isDispensable
  }
}
