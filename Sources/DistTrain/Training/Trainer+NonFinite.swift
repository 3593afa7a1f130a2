/// The checks for numbers that are not finite, which all ranks find at once and before they reach the parameters.
extension Trainer {
  /// Whether all numbers of a step are finite on all ranks: the losses, the weights, the gradients' dot products, and
  /// the lengths of the directions that the parameters are to follow.
  func areFinite(_ losses: BatchObjectives.Losses, _ balance: GradientBalance, _ lengths: [Double]) -> Bool {
    let numbers = losses.values + balance.weights + (balance.gram ?? []).flatMap { $0 } + lengths
    return communicator.maximum(numbers.allSatisfy(\.isFinite) ? 0 : 1) == 0
  }

  /// Whether the features of each row of a global batch are finite.
  func finiteRows(of batch: GlobalBatch) -> [Bool] {
    let own = batch.cut.rows(of: communicator.rank)
    let frames = own.isEmpty ? 0 : batch.features.columns / own.count
    var broken = [Double](repeating: 0, count: batch.speakers.count)
    for (index, row) in own.enumerated() {
      let isFinite = (0..<batch.features.rows).allSatisfy { bin in
        let start = batch.features.row(bin) + index * frames
        return Self.areFinite(UnsafeBufferPointer(start: start, count: frames))
      }
      broken[row] = isFinite ? 0 : 1
    }
    communicator.sum(&broken)
    return broken.map { $0 == 0 }
  }

  /// Goes to the next step without an update.
  package func skip() {
    step += 1
    skipped += 1
  }

  /// Whether the parameters, the running statistics and the optimiser's state are all finite.
  package var isFinite: Bool {
    ([parameters, statistics] + optimizer.state.map(\.values)).allSatisfy {
      Self.areFinite(UnsafeBufferPointer($0.elements))
    }
  }

  private static func areFinite(_ values: UnsafeBufferPointer<Float>) -> Bool {
    // Infinities and NaN have the largest exponent, and the compiler can compare many bit patterns at once.
    var largest: UInt32 = 0
    for value in values { largest = max(largest, value.bitPattern & 0x7fff_ffff) }
    return largest < 0x7f80_0000
  }
}
