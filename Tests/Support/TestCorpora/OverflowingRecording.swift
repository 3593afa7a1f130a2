package import Foundation

/// A recording that can be read and whose end is so loud that features of it are no numbers.
package enum OverflowingRecording {
  /// Writes 0.8 s of sound, the last `loudSeconds` of which overflow.
  package static func write(to file: URL, loudSeconds: Double) throws {
    let count = 12_800
    let loud = Int(loudSeconds * 16_000)
    let samples = (0..<count).map { index in
      let time = Double(index)
      let sound = 0.1 * sin(time * 0.07) + 0.05 * sin(time * 0.19)
      return Float(index < count - loud ? sound : sound * 1e26)
    }
    try WaveFile.floats(samples).write(to: file)
  }
}
