internal import CKernels

/// Res2Net's convolutions at several scales (Gao et al. 2019): channels are cut into `scale` chunks, one of which is
/// passed on as it is. Of the others, the first is convolved, and each of the next is added to the output of the one
/// before and convolved.
package struct Res2Block: Layer {
  /// The chunk that is passed on, which is the first in the paper and the last in wespeaker.
  package enum Passing: Sendable {
    case first, last
  }

  package struct Cache {
    /// The cache of each convolution.
    let blocks: [ConvolutionBlock.Cache]
  }

  package let channels: Int
  package var inputs: Int { channels }
  package var outputs: Int { channels }
  package var minimumFrames: Int { blocks.map(\.minimumFrames).max() ?? 1 }
  private let width: Int
  let blocks: [ConvolutionBlock]
  private let passing: Passing

  /// A block in wespeaker's form, with its parameter names.
  /// - Parameter name: the scope of `convs.i` and `bns.i`.
  package init(
    _ name: String, channels: Int, scale: Int, kernel: Int, dilation: Int, layout: inout EncoderLayout
  ) {
    precondition(scale > 1 && channels % scale == 0, "\(channels) channels do not split into \(scale) chunks")
    let width = channels / scale
    let blocks = layout.scope(name) { layout in
      (0..<scale - 1).map { index in
        ConvolutionBlock(
          convolution: "convs.\(index)", normalization: "bns.\(index)", inputs: width, outputs: width, kernel: kernel,
          dilation: dilation, layout: &layout)
      }
    }
    self.init(blocks, passing: .last)
  }

  /// A block of given convolutions.
  /// - Parameter blocks: the convolutions of the chunks in the chunks' order, one fewer than there are chunks.
  package init(_ blocks: [ConvolutionBlock], passing: Passing) {
    width = blocks[0].inputs
    channels = (blocks.count + 1) * width
    self.blocks = blocks
    self.passing = passing
  }

  /// The channels of the chunk that a convolution reads and writes.
  private func chunk(_ block: Int) -> Range<Int> {
    let index = passing == .first ? block + 1 : block
    return index * width..<(index + 1) * width
  }

  /// The first channel of the chunk that is passed on.
  private var passed: Int { passing == .first ? 0 : blocks.count * width }

  /// Computes the output.
  /// - Parameters:
  ///   - input: a view of one matrix.
  ///   - rectified: takes the outputs of the chunks' ReLUs and the chunk that is passed on. The output is a view of it.
  package func forward(
    _ input: AffineView, _ grid: Grid, into rectified: MatrixView, _ pass: ForwardPass
  ) -> (output: AffineView, cache: Cache) {
    precondition(input.isAffine, "chunks are added to chunks of one matrix")
    var scales = input.scales
    var shifts = input.shifts
    var before: AffineView?
    var caches: [ConvolutionBlock.Cache] = []
    for (index, block) in blocks.enumerated() {
      let own = chunk(index)
      let source = before.map { $0 + input.rows(own) } ?? input.rows(own)
      let (output, cache) = block.forward(source, grid, into: rectified.rows(own), pass)
      scales.replaceSubrange(own, with: output.scales)
      shifts.replaceSubrange(own, with: output.shifts)
      caches.append(cache)
      before = output
    }
    inParallel(width) { rectified.row(passed + $0).update(from: input.values.row(passed + $0), count: input.columns) }
    return (AffineView(rectified, scales: scales, shifts: shifts), Cache(blocks: caches))
  }

  package func backward(
    _ gradient: MatrixView, cache: Cache, into inputGradient: MatrixView?, _ pass: BackwardPass
  ) {
    // The gradient of a chunk goes on through the chunk before, even if nobody asks for the input's gradient.
    let inputGradient = inputGradient ?? Matrix(rows: channels, columns: gradient.columns).view
    inParallel(width) {
      inputGradient.row(passed + $0).update(from: gradient.row(passed + $0), count: gradient.columns)
    }
    for index in blocks.indices.reversed() {
      let own = chunk(index)
      blocks[index].backward(gradient.rows(own), cache: cache.blocks[index], into: inputGradient.rows(own), pass)
      if index > 0 {
        let before = gradient.rows(chunk(index - 1))
        inParallel(width) { row in
          ck_add(before.row(row), inputGradient.row(own.lowerBound + row), before.row(row), gradient.columns)
        }
      }
    }
  }
}

extension Res2Block: GraphLayer {
  package func describe(_ input: EncoderGraph.Value, in graph: inout EncoderGraph) -> EncoderGraph.Value {
    var chunks = graph.split(input, into: [Int](repeating: width, count: blocks.count + 1))
    var before: EncoderGraph.Value?
    for (index, block) in blocks.enumerated() {
      let own = chunk(index).lowerBound / width
      let source = before.map { graph.add("Add", $0, chunks[own]) } ?? chunks[own]
      chunks[own] = block.describe(source, in: &graph)
      before = chunks[own]
    }
    return graph.add("Concat", chunks, attributes: ["axis": 1])
  }
}
