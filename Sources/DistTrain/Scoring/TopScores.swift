/// The statistics of the highest of some scores.
enum TopScores {
  /// The mean and the standard deviation, whose divisor is the number of scores, of the `count` highest scores.
  ///
  /// Sums are in double precision, in the order of the scores. Of equal scores at the end of the highest it does not
  /// matter which count.
  /// - Parameters:
  ///   - scores: at least `count` finite scores.
  ///   - room: as many elements, whose values are lost.
  /// - Complexity: O(scores) on average.
  static func statistics(
    _ scores: UnsafeBufferPointer<Float>, count: Int, room: UnsafeMutableBufferPointer<Float>
  ) -> (mean: Double, deviation: Double) {
    precondition(count > 0 && count <= scores.count, "the \(count) highest of \(scores.count) scores")
    _ = room.update(fromContentsOf: scores)
    let least = count < scores.count ? select(count - 1, room) : -.infinity
    var (above, sum) = (0, 0.0)
    for score in scores where score > least {
      above += 1
      sum += Double(score)
    }
    // The others are equal to the least one.
    let equal = Double(count - above)
    if equal > 0 { sum += equal * Double(least) }
    let mean = sum / Double(count)
    var squares = 0.0
    for score in scores where score > least { squares += (Double(score) - mean) * (Double(score) - mean) }
    if equal > 0 { squares += equal * (Double(least) - mean) * (Double(least) - mean) }
    return (mean, (squares / Double(count)).squareRoot())
  }

  /// The element that a descending order would have at a place (Hoare's selection).
  private static func select(_ place: Int, _ values: UnsafeMutableBufferPointer<Float>) -> Float {
    var (low, high) = (0, values.count - 1)
    while low < high {
      let pivot = median(values[low], values[(low + high) / 2], values[high])
      var (left, right) = (low, high)
      while left <= right {
        while values[left] > pivot { left += 1 }
        while values[right] < pivot { right -= 1 }
        if left <= right {
          values.swapAt(left, right)
          left += 1
          right -= 1
        }
      }
      if place <= right {
        high = right
      } else if place >= left {
        low = left
      } else {
        return values[place]
      }
    }
    return values[place]
  }

  private static func median(_ a: Float, _ b: Float, _ c: Float) -> Float { max(min(a, b), min(max(a, b), c)) }
}
