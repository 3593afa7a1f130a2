/// The lengths of the crops of each step: one length for all steps, or one drawn for each step. It is the same for all
/// rows of a step on all ranks.
package struct CropLengths: Sendable {
  private let shortest: Double
  let longest: Double
  private let seed: UInt64

  /// The step in seconds between the lengths that are drawn. It makes few shapes, whose memory is used again.
  private static let grain = 0.1

  package init(_ lengths: ClosedRange<Double>, seed: UInt64) {
    shortest = lengths.lowerBound
    longest = lengths.upperBound
    self.seed = seed
  }

  /// The length in seconds of the crops of a step, counted from 0.
  package func seconds(step: Int) -> Double {
    let choices = 1 + Int(((longest - shortest) / Self.grain + 1e-9).rounded(.down))
    guard choices > 1 else { return shortest }
    var stream = RandomStream(seed: seed, purpose: .cropLength, item: step)
    return min(longest, shortest + Self.grain * Double(stream.below(choices)))
  }
}
