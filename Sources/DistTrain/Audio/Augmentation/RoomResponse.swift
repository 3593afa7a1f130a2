/// The impulse response of a room, of unit energy.
package struct RoomResponse: Sendable {
  package let samples: [Float]
  /// The place of the largest sample: the direct sound, before which measured responses have some delay.
  package let peak: Int

  /// The length in seconds of the longest response: a cathedral sounds for ten. Memory grows with it, and a recording
  /// of an hour in a folder of rooms is a mistake.
  package static let longest = 30.0

  /// Checks that a recording may be a response, before it is read.
  /// - Throws: `Failure(.badData)` for one that is longer than `longest`.
  static func check(_ file: AudioFile) throws(Failure) {
    guard file.seconds <= longest else {
      throw AudioFile.unusable(
        file.path,
        "lasts \(AudioFile.time(file.frames, file.sampleRate)), longer than a room sounds (at most \(Int(longest)) s): no "
          + "impulse response of a room")
    }
  }

  /// Scales a response to unit energy.
  /// - Throws: `Failure(.badData)` that names `path` for a response of nothing but zeros, or so faint that no float
  ///   scales it.
  package init(_ samples: [Float], path: String) throws {
    let energy = samples.reduce(0) { $0 + Double($1) * Double($1) }
    let scale = Float(1 / energy.squareRoot())
    guard scale.isFinite else { throw AudioFile.unusable(path, "is silent: no impulse response of a room") }
    self.samples = samples.map { $0 * scale }
    peak = samples.indices.max { abs(samples[$0]) < abs(samples[$1]) } ?? 0
  }

  /// The speech as it sounds in the room: convolved with the response, as long as the speech, and in time with it. The
  /// peak of the response counts as time 0, so that the way from source to microphone does not delay the output.
  package func reverberate(_ speech: [Float]) -> [Float] {
    let convolved = Convolution.full(speech, samples)
    return Array(convolved[peak..<peak + speech.count])
  }
}
