/// Random masks over stretches of time and of frequency (Park et al., "SpecAugment", 2019, without time warping).
package struct SpectralMasking: Sendable {
  /// The probability that a row is masked.
  package var probability: Double
  /// The number of masks over time.
  package var timeMasks: Int
  /// The largest number of frames that a mask covers; its width is drawn uniformly from 0 up to this.
  package var timeWidth: Int
  /// The number of masks over frequency.
  package var frequencyMasks: Int
  /// The largest number of bins that a mask covers; its width is drawn uniformly from 0 up to this.
  package var frequencyWidth: Int

  package init(probability: Double, timeMasks: Int, timeWidth: Int, frequencyMasks: Int, frequencyWidth: Int) {
    self.probability = probability
    self.timeMasks = timeMasks
    self.timeWidth = timeWidth
    self.frequencyMasks = frequencyMasks
    self.frequencyWidth = frequencyWidth
  }

  /// Draws the masks of a row of `bins` × `frames` features.
  package func draw(bins: Int, frames: Int, _ stream: inout RandomStream) -> [SpectralMask] {
    guard stream.uniform() < probability else { return [] }
    let inTime = (0..<timeMasks).map { _ in
      SpectralMask(bins: 0..<bins, frames: Self.stretch(of: frames, widest: timeWidth, &stream))
    }
    return inTime
      + (0..<frequencyMasks).map { _ in
        SpectralMask(bins: Self.stretch(of: bins, widest: frequencyWidth, &stream), frames: 0..<frames)
      }
  }

  private static func stretch(of count: Int, widest: Int, _ stream: inout RandomStream) -> Range<Int> {
    let width = stream.below(min(widest, count) + 1)
    let first = stream.below(count - width + 1)
    return first..<first + width
  }
}
