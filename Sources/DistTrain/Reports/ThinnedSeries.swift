/// A number of each step of a training, kept as a bounded number of bins: the extremes of every stretch of steps stay,
/// however long the training is.
package struct ThinnedSeries: Sendable, Equatable {
  /// The numbers of a stretch of steps.
  package struct Bin: Sendable, Equatable {
    /// The first and the last step that has a number.
    package var steps: ClosedRange<Int>
    package var least: Double
    package var greatest: Double
    package var sum: Double
    package var count: Int

    package var mean: Double { sum / Double(count) }
    /// The middle of the steps.
    package var middle: Double { (Double(steps.lowerBound) + Double(steps.upperBound)) / 2 }

    fileprivate init(_ value: Double, step: Int) {
      steps = step...step
      (least, greatest, sum, count) = (value, value, value, 1)
    }

    fileprivate mutating func add(_ later: Bin) {
      steps = steps.lowerBound...later.steps.upperBound
      (least, greatest) = (min(least, later.least), max(greatest, later.greatest))
      sum += later.sum
      count += later.count
    }
  }

  /// In the order of the steps.
  package private(set) var bins: [Bin] = []
  /// The number of steps that a bin stands for, a power of two.
  package private(set) var width = 1
  private let most: Int

  /// Numbers beyond this are none that a training has, and no axis holds them.
  private static let bound = 1e100

  /// - Parameter most: the largest number of bins, 2 or more.
  package init(most: Int) {
    precondition(most >= 2, "a series has two bins or more")
    self.most = most
  }

  /// Adds the number of a step behind those of earlier ones. What is not finite is left out.
  /// - Precondition: steps are 0 or more, and ascend.
  package mutating func add(_ value: Double, step: Int) {
    guard abs(value) < Self.bound else { return }
    precondition(step >= 0 && step > bins.last?.steps.upperBound ?? -1, "steps ascend")
    append(Bin(value, step: step))
    while bins.count > most {
      width *= 2
      let narrow = bins
      bins = []
      for bin in narrow { append(bin) }
    }
  }

  private mutating func append(_ bin: Bin) {
    if let last = bins.last, last.steps.lowerBound / width == bin.steps.lowerBound / width {
      bins[bins.count - 1].add(bin)
    } else {
      bins.append(bin)
    }
  }
}
