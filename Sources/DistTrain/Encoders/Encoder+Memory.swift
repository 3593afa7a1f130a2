extension Encoder {
  /// The number of frames of the utterance that a rehearsal runs on. It is a prime that hardly any layer's size is a
  /// multiple of, and so small that products are made whole. The buffers of sums in pieces would not be those of a
  /// step.
  private static var rehearsed: Int { 13 }

  /// The bytes of memory that passes through the encoder take, as a rehearsal on one short and silent utterance shows
  /// them.
  /// - Parameters:
  ///   - frames: the number of frames, of all utterances together, that the passes are to be of.
  ///   - passes: makes the passes on features of one utterance, bins × frames, which are not counted.
  func memory(frames: Int, of passes: (_ features: Matrix) -> Void) -> Int {
    let features = Matrix.zeros(rows: bins, columns: Self.rehearsed)
    let trace = BufferPool.shared.tracing { passes(features) }
    BufferPool.shared.trim()
    return trace.bytes(columns: Self.rehearsed, as: frames)
  }
}
