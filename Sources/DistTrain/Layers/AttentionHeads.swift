internal import CKernels

/// Attention of an utterance's frames to all its frames, in several heads (Vaswani et al. 2017, section 3.2): a head
/// has a part of the channels, and its output at a frame is the mean of its values, V·softmax(s·Kᵀ·q), weighted by how
/// well their keys fit the frame's query q, where s is 1/√(the head's channels).
///
/// Weights are frames × frames and are never stored as a whole: those of a few queries are computed at a time, and once
/// more on the way back. What that takes grows with the length of an utterance as its activations do, and a crop's
/// weights stay in the cache.
struct AttentionHeads: Sendable {
  /// The queries, keys and values, each channels × columns.
  let queries: MatrixView
  let keys: MatrixView
  let values: MatrixView
  let heads: Int
  /// The grid of utterances of one line each.
  let grid: Grid
  let precision: Precision

  private var width: Int { queries.rows / heads }
  private var scale: Float { 1 / Float(width).squareRoot() }

  /// The queries whose weights are computed at a time, 2¹⁶ weights or 16 queries. The output does not depend on their
  /// number.
  private var blocks: [Range<Int>] {
    let length = max(16, (1 << 16) / grid.frames)
    return stride(from: 0, to: grid.frames, by: length).map { $0..<min($0 + length, grid.frames) }
  }

  /// The channels and columns of a head of an utterance, in one objective's columns.
  private func part(of matrix: MatrixView, _ pair: Int, objective: Int = 0) -> MatrixView {
    let (utterance, head) = pair.quotientAndRemainder(dividingBy: heads)
    let first = objective * grid.columns + utterance * grid.frames
    return matrix.rows(head * width..<(head + 1) * width).columns(first..<first + grid.frames)
  }

  /// Writes the output, channels × columns.
  func write(to output: MatrixView) {
    let blocks = blocks
    ThreadTeam.shared.run(grid.utterances * heads * blocks.count) { index in
      let (pair, block) = index.quotientAndRemainder(dividingBy: blocks.count)
      let weights = weights(pair, blocks[block])
      multiply(
        part(of: values, pair), transposed: weights.view, into: part(of: output, pair).columns(blocks[block]),
        precision: precision)
    }
  }

  /// The weights of some queries of a head of an utterance, queries × frames.
  private func weights(_ pair: Int, _ block: Range<Int>) -> Matrix {
    let weights = Matrix(rows: block.count, columns: grid.frames)
    multiply(
      transposed: part(of: queries, pair).columns(block), part(of: keys, pair), into: weights.view, precision: precision
    )
    for row in 0..<block.count { ck_softmax(weights.row(row), grid.frames, scale) }
    return weights
  }

  /// The gradients of queries, keys and values, each channels × (objectives · columns), from that of the output.
  func backward(_ gradient: MatrixView, objectives: Int) -> (queries: Matrix, keys: Matrix, values: Matrix) {
    let results = (0..<3).map { _ in Matrix(rows: queries.rows, columns: objectives * grid.columns) }
    ThreadTeam.shared.run(grid.utterances * heads) { pair in
      for block in blocks {
        let weights = weights(pair, block)
        for objective in 0..<objectives {
          let parts = results.map { part(of: $0.view, pair, objective: objective) }
          backward(
            part(of: gradient, pair, objective: objective).columns(block), weights, pair, block,
            into: (parts[0].columns(block), parts[1], parts[2]))
        }
      }
    }
    return (results[0], results[1], results[2])
  }

  /// Writes the gradient of some queries and adds to those of keys and values what these queries make of them.
  private func backward(
    _ gradient: MatrixView, _ weights: Matrix, _ pair: Int, _ block: Range<Int>,
    into targets: (queries: MatrixView, keys: MatrixView, values: MatrixView)
  ) {
    let adding = block.lowerBound > 0
    let slopes = Matrix(rows: block.count, columns: grid.frames)
    multiply(gradient, weights.view, into: targets.values, adding: adding, precision: precision)
    multiply(transposed: gradient, part(of: values, pair), into: slopes.view, precision: precision)
    for row in 0..<block.count { ck_softmax_backward(weights.row(row), slopes.row(row), grid.frames, scale) }
    multiply(part(of: keys, pair), transposed: slopes.view, into: targets.queries, precision: precision)
    multiply(
      part(of: queries, pair).columns(block), slopes.view, into: targets.keys, adding: adding, precision: precision)
  }
}
