/// The sums over speakers' vectors that covariances are made of, in double precision.
struct SpeakerStatistics: Sendable {
  /// The mean of each speaker's vectors, speakers × dimensions.
  let means: DoubleMatrix
  /// The number of each speaker's vectors.
  let counts: [Double]
  /// The sum over all vectors of (x − m)·(x − m)ᵀ, where m is the mean of the vector's speaker.
  let scatter: DoubleMatrix

  var utterances: Double { counts.reduce(0, +) }

  /// Sums vectors; on all threads, in the order of the rows.
  /// - Parameters:
  ///   - vectors: vectors × dimensions, near their mean, so that squares lose no digits.
  ///   - groups: the rows of each speaker.
  ///   - counting: shows how much is done.
  /// - Complexity: O(vectors · dimensions²).
  init(_ vectors: Matrix, _ groups: SpeakerGroups, counting: WorkCounting = .silent) {
    counts = groups.rows.map { Double($0.count) }
    let columns = vectors.columns
    let means = Self.means(of: vectors, groups)
    var speakers = [Int](repeating: 0, count: vectors.rows)
    for (speaker, rows) in groups.rows.enumerated() { for row in rows { speakers[row] = speaker } }
    let own = speakers
    scatter = counting.count(columns, of: "dimensions of the covariances summed") { summed in
      DoubleMatrix.assembled(rows: columns, columns: columns) { range in
        defer { summed(range.count) }
        return Self.scatter(vectors, means, own, range)
      }
    }
    self.means = means
  }

  /// The mean of each speaker's vectors, speakers × dimensions.
  static func means(of vectors: Matrix, _ groups: SpeakerGroups) -> DoubleMatrix {
    DoubleMatrix.assembled(rows: groups.rows.count, columns: vectors.columns) { range in
      range.flatMap { Self.mean(of: groups.rows[$0], vectors) }
    }
  }

  private static func mean(of rows: [Int], _ vectors: Matrix) -> [Double] {
    var sums = [Double](repeating: 0, count: vectors.columns)
    for row in rows {
      for column in sums.indices { sums[column] += Double(vectors[row, column]) }
    }
    return sums.map { $0 / Double(rows.count) }
  }

  /// Some rows of the scatter matrix.
  private static func scatter(
    _ vectors: Matrix, _ means: DoubleMatrix, _ speakers: [Int], _ range: Range<Int>
  ) -> [Double] {
    let columns = vectors.columns
    var sums = [Double](repeating: 0, count: range.count * columns)
    var difference = [Double](repeating: 0, count: columns)
    sums.withUnsafeMutableBufferPointer { sums in
      difference.withUnsafeMutableBufferPointer { difference in
        for row in 0..<vectors.rows {
          for column in 0..<columns {
            difference[column] = Double(vectors[row, column]) - means[speakers[row], column]
          }
          for (place, inner) in range.enumerated() {
            let factor = difference[inner]
            for column in 0..<columns { sums[place * columns + column] += factor * difference[column] }
          }
        }
      }
    }
    return sums
  }
}
