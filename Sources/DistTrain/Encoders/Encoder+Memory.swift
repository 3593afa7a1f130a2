extension Encoder {
  /// The numbers of frames that maps of a rehearsal have, those that lost the most last. The last is a prime that
  /// hardly any layer's size is a multiple of, and so small that products are made whole. The buffers of sums in pieces
  /// would not be those of a step. Where maps lose frames, the prime is larger: x-vector's then have 51, 47, 43 and 37
  /// frames, but with 13 they would have 23 and 19, of which panels of 115 and 285 rows are multiples.
  private var rehearsed: [(lost: Int, frames: Int)] {
    let lost = Set(lostFrames).union([0]).sorted()
    let most = lost[lost.count - 1]
    return lost.map { ($0, (most > 0 ? 37 : 13) + most - $0) }
  }

  /// The bytes of memory that passes through the encoder take, as a rehearsal on one short and silent utterance shows
  /// them.
  /// - Parameters:
  ///   - utterances: the number of utterances that the passes are to be of, each of `frames` frames.
  ///   - passes: makes the passes on features of one utterance, bins × frames, which are not counted.
  func memory(utterances: Int, frames: Int, of passes: (_ features: Matrix) -> Void) -> Int {
    let rehearsed = rehearsed
    let features = Matrix.zeros(rows: bins, columns: rehearsed[0].frames * frameStride)
    let trace = BufferPool.shared.tracing { passes(features) }
    BufferPool.shared.trim()
    let longest = (frames + frameStride - 1) / frameStride
    return trace.bytes(scaling: rehearsed.map { (columns: $0.frames, to: utterances * max(longest - $0.lost, 1)) })
  }
}
