/// A global batch as a rank has it.
struct GlobalBatch {
  /// Of this rank's rows, bins × (rows · frames).
  let features: Matrix
  /// y of all rows.
  let speakers: [Int]
  /// Which rows each rank has.
  let cut: BatchCut
}
