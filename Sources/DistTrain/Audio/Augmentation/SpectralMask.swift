/// A rectangle of a row's features that is set to their mean, which is 0.
package struct SpectralMask: Sendable, Equatable {
  package let bins: Range<Int>
  package let frames: Range<Int>

  package init(bins: Range<Int>, frames: Range<Int>) {
    self.bins = bins
    self.frames = frames
  }

  /// - Parameter column: the column of the row's first frame in `features`, bins × (rows · frames).
  func apply(to features: Matrix, column: Int) {
    for bin in bins {
      let row = features.row(bin) + column
      for frame in frames { row[frame] = 0 }
    }
  }
}
