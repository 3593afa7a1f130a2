extension Encoder {
  /// The number of frames that the shortest maps of a rehearsal have. It is a prime that hardly any layer's size is a
  /// multiple of, and so small that products are made whole. The buffers of sums in pieces would not be those of a
  /// step. Maps of more frames have multiples of it, or as many frames more as the shortest ones have lost.
  private static var rehearsed: Int { 13 }

  /// The bytes of memory that passes through the encoder take, as a rehearsal on one short and silent utterance shows
  /// them.
  /// - Parameters:
  ///   - utterances: the number of utterances that the passes are to be of, each of `frames` frames.
  ///   - passes: makes the passes on features of one utterance, bins × frames, which are not counted.
  func memory(utterances: Int, frames: Int, of passes: (_ features: Matrix) -> Void) -> Int {
    let lost = Set(lostFrames).union([0]).sorted()
    let most = lost[lost.count - 1]
    let features = Matrix.zeros(rows: bins, columns: (Self.rehearsed + most) * frameStride)
    let trace = BufferPool.shared.tracing { passes(features) }
    BufferPool.shared.trim()
    let maps = (frames + frameStride - 1) / frameStride
    return trace.bytes(scaling: lost.map { (Self.rehearsed + most - $0, to: utterances * max(maps - $0, 1)) })
  }
}
