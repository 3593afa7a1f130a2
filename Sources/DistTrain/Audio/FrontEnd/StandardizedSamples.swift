/// The samples of an utterance as the front end `tfmel` reads them: minus their mean, divided by their deviation, and
/// pre-emphasised. They are not stored, but computed as frames are cut.
struct StandardizedSamples {
  private let mean: Double
  /// 1 / (σ + 10⁻⁸) of the biased deviation σ.
  private let scale: Double
  private let emphasis: Double

  /// - Parameters:
  ///   - samples: all samples, at least two.
  ///   - emphasis: the factor by which the sample before is subtracted from each sample.
  init(_ samples: UnsafeBufferPointer<Float>, emphasis: Double) {
    precondition(samples.count >= 2, "pre-emphasis of the first sample needs a second one")
    let count = Double(samples.count)
    let mean = Self.sum(samples) { $0 } / count
    let square = Self.sum(samples) { ($0 - mean) * ($0 - mean) } / count
    self.mean = mean
    scale = 1 / (square.squareRoot() + 1e-8)
    self.emphasis = emphasis
  }

  /// The sum of a function of the samples, by eight lanes, whatever the width of the CPU's vectors.
  private static func sum(
    _ samples: UnsafeBufferPointer<Float>, _ term: (SIMD8<Double>) -> SIMD8<Double>
  ) -> Double {
    let bytes = UnsafeRawBufferPointer(samples)
    let whole = samples.count / 8 * 8
    var lanes = SIMD8<Double>(repeating: 0)
    for index in stride(from: 0, to: whole, by: 8) {
      let own = bytes.loadUnaligned(fromByteOffset: index * MemoryLayout<Float>.stride, as: SIMD8<Float>.self)
      lanes += term(SIMD8<Double>(own))
    }
    for index in whole..<samples.count { lanes[index - whole] += term(SIMD8(repeating: Double(samples[index])))[0] }
    let four = lanes.lowHalf + lanes.highHalf
    let two = four.lowHalf + four.highHalf
    return two[0] + two[1]
  }

  /// Writes the weighted samples of a frame, which are 0 beyond the utterance's ends.
  /// - Parameters:
  ///   - samples: the samples that the mean and the deviation were taken of.
  ///   - start: the place of the frame's first sample, which may be before the utterance.
  ///   - window: a weight for each sample of the frame.
  func write(
    _ samples: UnsafeBufferPointer<Float>, from start: Int, window: [Double], to frame: UnsafeMutablePointer<Double>
  ) {
    let length = window.count
    let inner = min(max(1 - start, 0), length)..<min(max(samples.count - start, 0), length)
    frame.update(repeating: 0, count: length)
    window.withUnsafeBufferPointer { window in
      for index in inner {
        let here = Double(samples[start + index]) - mean
        let before = Double(samples[start + index - 1]) - mean
        frame[index] = (here - emphasis * before) * (scale * window[index])
      }
      // The first sample's predecessor is the second one, as if the utterance were reflected at its first sample.
      guard start <= 0, start + length > 0 else { return }
      let (first, second) = (Double(samples[0]) - mean, Double(samples[1]) - mean)
      frame[-start] = (first - emphasis * second) * (scale * window[-start])
    }
  }
}
