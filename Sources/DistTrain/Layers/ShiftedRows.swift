internal import CKernels

/// What a kernel over frames reads of each channel: row c·k + j is channel c, shifted by (j − (k−1)/2)·d frames within
/// each line and padded beyond its ends.
///
/// All rows together would be k times as large as what they are read from, so they are gathered for a few lines at a
/// time, a block.
struct ShiftedRows: Sendable {
  /// The number of frames of a line, more than a mirrored kernel reaches to either side.
  let frames: Int
  /// The number of frames of the kernel, which is odd.
  let kernel: Int
  let dilation: Int
  /// Whether the frames beyond the ends of a line are mirrored at the first and last one; otherwise they are 0.
  let isMirrored: Bool

  /// Writes weights · rows, block by block on all threads.
  /// - Parameters:
  ///   - source: channels × (lines · frames).
  ///   - weights: outputs × (channels · kernel).
  ///   - output: takes the products, outputs × (lines · frames).
  ///   - adding: whether the products are added to the values in their memory.
  func writeProducts(
    _ source: AffineView, with weights: LeftFactor, to output: MatrixView, adding: Bool = false, precision: Precision
  ) {
    let blocks = blocks(of: 0..<source.columns / frames, channels: source.rows)
    ThreadTeam.shared.run(blocks.count) { block in
      let rows = gathered(source, lines: blocks[block])
      multiply(
        weights, rows.view, into: output.columns(columns(of: blocks[block])), adding: adding, precision: precision)
    }
  }

  /// Adds all objectives' gradients of the weights.
  /// - Parameters:
  ///   - gradient: the gradient of the output, outputs × (objectives · lines · frames).
  ///   - input: channels × (lines · frames).
  func addGradients(
    of weight: Parameter, _ gradient: MatrixView, input: AffineView, lines: Int, _ pass: BackwardPass
  ) {
    let precision = pass.precision
    let gradient = OutputGradient(
      gradient, columns: input.columns, objectives: pass.objectives, units: pass.units.ranges(of: lines))
    let sums = gradient.sums(slices: [0..<input.rows * kernel], nodes: pass.units.nodes) { _, unit, target in
      for block in blocks(of: unit, channels: input.rows) {
        let rows = gathered(input, lines: block)
        gradient.writeProducts(
          of: columns(of: block), with: rows.view, to: target, adding: block.lowerBound > unit.lowerBound,
          precision: precision)
      }
    }
    sums.add(to: weight, pass)
  }

  /// Writes the gradient of what the rows were read from: the products weightsᵀ · gradient, each of which belongs to
  /// the element that its row was read from.
  /// - Parameters:
  ///   - gradient: the gradient of the products, outputs × (lines · frames).
  ///   - weights: outputs × (channels · kernel).
  ///   - target: takes the gradient, channels × (lines · frames).
  ///   - adding: whether it is added to the values in its memory.
  func writeAdjoints(
    _ gradient: MatrixView, with weights: MatrixView, to target: MatrixView, adding: Bool, precision: Precision
  ) {
    if !adding {
      for row in 0..<target.rows { target.row(row).update(repeating: 0, count: target.columns) }
    }
    let blocks = blocks(of: 0..<gradient.columns / frames, channels: target.rows)
    let rows = Matrix(rows: target.rows * kernel, columns: (blocks.first?.count ?? 0) * frames)
    for block in blocks {
      let columns = columns(of: block)
      multiply(
        transposed: weights, gradient.columns(columns), into: rows.columns(0..<columns.count), precision: precision)
      scatter(rows, lines: block, into: target)
    }
  }

  /// The blocks that make up some lines, whose cut depends on the numbers of lines, channels and frames alone.
  private func blocks(of lines: Range<Int>, channels: Int) -> [Range<Int>] {
    // A block's rows should stay in the second-level cache between the copy and the product.
    let elements = 1 << 18
    let count = max(1, min(lines.count, elements / (channels * kernel * frames)))
    return stride(from: lines.lowerBound, to: lines.upperBound, by: count).map {
      $0..<min($0 + count, lines.upperBound)
    }
  }

  private func columns(of lines: Range<Int>) -> Range<Int> { lines.lowerBound * frames..<lines.upperBound * frames }

  /// The rows of a block, (channels · kernel) × (the block's lines · frames).
  private func gathered(_ source: AffineView, lines: Range<Int>) -> Matrix {
    let result = Matrix(rows: source.rows * kernel, columns: lines.count * frames)
    let middle = (kernel - 1) / 2
    for channel in 0..<source.rows {
      let centre = result.row(channel * kernel + middle)
      source.write(row: channel, columns: columns(of: lines), to: centre)
      for tap in 0..<kernel where tap != middle {
        let target = result.row(channel * kernel + tap)
        for start in stride(from: 0, to: lines.count * frames, by: frames) {
          writeShifted(centre + start, by: (tap - middle) * dilation, to: target + start)
        }
      }
    }
    return result
  }

  /// Writes one line of a row, shifted and padded.
  private func writeShifted(_ source: UnsafePointer<Float>, by shift: Int, to target: UnsafeMutablePointer<Float>) {
    let first = min(max(0, -shift), frames)
    let last = max(min(frames, frames - shift), first)
    if last > first { (target + first).update(from: source + first + shift, count: last - first) }
    guard isMirrored else {
      target.update(repeating: 0, count: first)
      (target + last).update(repeating: 0, count: frames - last)
      return
    }
    for frame in 0..<first { target[frame] = source[-(frame + shift)] }
    for frame in last..<frames { target[frame] = source[2 * (frames - 1) - (frame + shift)] }
  }

  /// Adds each element of a block's mirrored rows to the one that it was read from: the adjoint of `gathered`.
  private func scatter(_ rows: Matrix, lines: Range<Int>, into target: MatrixView) {
    for channel in 0..<rows.rows / kernel {
      for tap in 0..<kernel {
        let shift = (tap - (kernel - 1) / 2) * dilation
        let source = rows.row(channel * kernel + tap)
        let first = max(0, -shift)
        let last = min(frames, frames - shift)
        for (index, line) in lines.enumerated() {
          let from = source + index * frames
          let to = target.row(channel) + line * frames
          ck_add(to + first + shift, from + first, to + first + shift, last - first)
          for frame in 0..<first { to[-(frame + shift)] += from[frame] }
          for frame in last..<frames { to[2 * (frames - 1) - (frame + shift)] += from[frame] }
        }
      }
    }
  }
}
