package import Foundation

/// A recording whose end is far louder than full scale, though not too loud to be read.
package enum OverflowingRecording {
  /// Writes 0.8 s of sound, the last `loudSeconds` of which are loud.
  package static func write(to file: URL, loudSeconds: Double, rate: Int = 16_000) throws {
    let count = rate * 4 / 5
    let loud = Int(loudSeconds * Double(rate))
    let samples = (0..<count).map { index in
      let time = Double(index) * 16_000 / Double(rate)
      let sound = 0.1 * sin(time * 0.07) + 0.05 * sin(time * 0.19)
      return Float(index < count - loud ? sound : sound * 300)
    }
    try WaveFile.floats(samples, rate: rate).write(to: file)
  }
}
