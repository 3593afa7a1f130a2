import Foundation

/// Crops by which utterances are compared: so many of one length, spread evenly over an utterance, the first from its
/// beginning and the last to its end. A score is then the mean of the cosines of all pairs of crops (Chung and others, "In
/// defence of metric learning for speaker recognition", 2020, section 4.4).
package struct MultiCrop: Sendable, Equatable {
  /// The number of crops of an utterance, from 2 on.
  package let count: Int
  /// The length of a crop. An utterance that is no longer is its only crop.
  package let seconds: Double

  /// The usual crops of VoxCeleb's evaluation.
  package static let usual = MultiCrop(count: 10, seconds: 4)

  package init(count: Int, seconds: Double) {
    precondition(count > 1 && seconds > 0, "crops have a first and a last one")
    (self.count, self.seconds) = (count, seconds)
  }

  /// The crops in words, such as `10 crops of 4 s`.
  package var words: String { "\(count) crops of \(String(format: "%g", seconds)) s" }

  /// The crops of some samples at the front end's rate.
  package func crops(of whole: Range<Int>) -> [Range<Int>] {
    let length = Int(seconds * Double(FrontEnd.sampleRate))
    guard whole.count > length else { return [whole] }
    return (0..<count).map { crop in
      let start = whole.lowerBound + (whole.count - length) * crop / (count - 1)
      return start..<start + length
    }
  }

  /// The mean of the directions of embeddings, in double precision: the inner product of two such means is the mean of
  /// the cosines of all pairs.
  package static func meanDirection(of vectors: [[Float]]) -> [Float] {
    var sums = [Double](repeating: 0, count: vectors[0].count)
    for vector in vectors {
      let length = vector.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
      for (index, value) in vector.enumerated() { sums[index] += Double(value) / length }
    }
    return sums.map { Float($0 / Double(vectors.count)) }
  }
}
