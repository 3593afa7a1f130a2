/// A global batch as a rank has it.
struct GlobalBatch {
  /// Of this rank's rows, bins × (rows · frames).
  let features: Matrix
  /// y of all rows.
  let speakers: [Int]
  /// Each rank's rows.
  let shares: [Range<Int>]
}
