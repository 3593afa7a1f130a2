/// The largest distance of samples from their mean, which is no sound.
package struct Excursion: Sendable {
  private var lowest = Float.infinity
  private var highest = -Float.infinity
  private var sum = 0.0
  private var count = 0

  /// The distance below which samples count as silence: -80 dB of full scale. At 16 bits this is three steps, the noise
  /// of a converter with nothing connected, while the quietest usable speech peaks 30 dB higher.
  package static let silence: Float = 1e-4

  package init(_ samples: [Float] = []) { add(samples) }

  package mutating func add(_ samples: [Float]) {
    for sample in samples {
      lowest = min(lowest, sample)
      highest = max(highest, sample)
      sum += Double(sample)
    }
    count += samples.count
  }

  /// The largest distance, where full scale is 1; 0 of no samples.
  package var largest: Float {
    guard count > 0 else { return 0 }
    let mean = sum / Double(count)
    return Float(max(Double(highest) - mean, mean - Double(lowest)))
  }

  package var isSilent: Bool { largest < Self.silence }
}
