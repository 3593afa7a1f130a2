/// Finds where a recording holds voice from its energies, by Kaldi's rule (`voice-activity-detection.cc`) with the
/// constants of Kaldi's VoxCeleb recipe (`egs/voxceleb/v2/conf/vad.conf`).
///
/// A frame is voice where the logarithm of its energy, or that of a frame up to two beside it, is above
/// `energyThreshold + meanScale · mean`, where the mean is over all frames.
package struct VoiceActivity: Sendable {
  /// The usual value of Kaldi's `--vad-energy-threshold`.
  package static let usualThreshold = 5.5
  /// The usual value of Kaldi's `--vad-energy-mean-scale`.
  package static let usualMeanScale = 0.5
  /// The time that is kept on either side of voice, in seconds, for the soft beginnings and ends of words.
  package static let margin = 0.1

  private let energyThreshold: Double
  private let meanScale: Double
  private let longestPause: Double?

  private static let context = 2
  /// The proportion of the frames around one that must be above the threshold for the frame to be voice.
  private static let proportion = 0.12

  /// - Parameters:
  ///   - energyThreshold: the constant part of the threshold, in natural logarithms of energy.
  ///   - meanScale: the factor of the mean in the threshold.
  ///   - longestPause: the length in seconds up to which a pause between voice is kept; nil keeps all pauses.
  package init(
    energyThreshold: Double = usualThreshold, meanScale: Double = usualMeanScale, longestPause: Double? = nil
  ) {
    precondition(longestPause.map { $0 >= 2 * Self.margin } ?? true, "pauses shorter than what stays beside voice")
    self.energyThreshold = energyThreshold
    self.meanScale = meanScale
    self.longestPause = longestPause
  }

  /// Whether each frame is voice.
  /// - Parameter logarithms: the logarithms of the frames' energies.
  package func decisions(_ logarithms: [Double]) -> [Bool] {
    guard !logarithms.isEmpty else { return [] }
    let mean = logarithms.reduce(0, +) / Double(logarithms.count)
    let threshold = energyThreshold + meanScale * mean
    return logarithms.indices.map { frame in
      let around = max(0, frame - Self.context)...min(logarithms.count - 1, frame + Self.context)
      let above = around.count { logarithms[$0] > threshold }
      return Double(above) >= Self.proportion * Double(around.count)
    }
  }

  /// The time of the frames that are voice, in seconds.
  package func seconds(_ energies: FrameEnergies, sampleRate: Int) -> Double {
    Double(decisions(energies.logarithms).count(where: \.self) * energies.shift) / Double(sampleRate)
  }

  /// The stretches of voice with the margin around them, in ascending order: one from the first voice to the last, or
  /// several where pauses are too long; none where nothing is voice.
  /// - Parameter count: the number of samples of the recording, at the rate of `energies`.
  func stretches(_ energies: FrameEnergies, count: Int, sampleRate: Int) -> [Range<Int>] {
    let limit = longestPause.map { $0 * Double(sampleRate) } ?? .infinity
    var joined: [Range<Int>] = []
    for run in runs(energies) {
      if let last = joined.last, Double(run.lowerBound - last.upperBound) <= limit {
        joined[joined.count - 1] = last.lowerBound..<run.upperBound
      } else {
        joined.append(run)
      }
    }
    let margin = Int(Self.margin * Double(sampleRate))
    return joined.map { max(0, $0.lowerBound - margin)..<min(count, $0.upperBound + margin) }
  }

  /// The ranges of samples that consecutive frames of voice cover.
  private func runs(_ energies: FrameEnergies) -> [Range<Int>] {
    var runs: [Range<Int>] = []
    for (frame, isVoice) in decisions(energies.logarithms).enumerated() where isVoice {
      let samples = frame * energies.shift..<frame * energies.shift + energies.length
      if let last = runs.last, samples.lowerBound <= last.upperBound {
        runs[runs.count - 1] = last.lowerBound..<samples.upperBound
      } else {
        runs.append(samples)
      }
    }
    return runs
  }
}
