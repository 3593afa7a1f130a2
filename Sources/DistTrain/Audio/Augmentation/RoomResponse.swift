/// The impulse response of a room, of unit energy.
package struct RoomResponse: Sendable {
  package let samples: [Float]
  /// Where the response is largest: the direct sound, which measured responses have some way in.
  package let peak: Int

  /// - Throws: `Failure(.badData)` for a response of nothing but zeros; `path` is named in it.
  package init(_ samples: [Float], path: String) throws {
    let energy = samples.reduce(0) { $0 + Double($1) * Double($1) }
    guard energy > 0 else { throw AudioFile.unusable(path, "is silent: no impulse response of a room") }
    let scale = Float(1 / energy.squareRoot())
    self.samples = samples.map { $0 * scale }
    peak = samples.indices.max { abs(samples[$0]) < abs(samples[$1]) } ?? 0
  }

  /// What the speech sounds like in the room: convolved, as long as the speech, and in time with it. The response's peak
  /// is taken for time 0, so that the output is not delayed by the way from source to microphone.
  package func reverberate(_ speech: [Float]) -> [Float] {
    let convolved = Convolution.full(speech, samples)
    return Array(convolved[peak..<peak + speech.count])
  }
}
