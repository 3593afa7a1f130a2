internal import CKernels

/// Res2Net's convolutions at several scales (Gao et al. 2019) in wespeaker's order: channels are cut into `scale` chunks;
/// the first is convolved, each next one is added to the one before's output and convolved, the last is passed on.
package struct Res2Block: Sendable {
  package struct Cache {
    /// Each convolution's.
    let blocks: [ConvolutionBlock.Cache]
  }

  package let channels: Int
  private let width: Int
  let blocks: [ConvolutionBlock]

  /// - Parameter name: the scope of `convs.i` and `bns.i`.
  package init(
    _ name: String, channels: Int, scale: Int, kernel: Int, dilation: Int, layout: inout EncoderLayout
  ) {
    precondition(scale > 1 && channels % scale == 0, "\(channels) channels do not split into \(scale) chunks")
    self.channels = channels
    width = channels / scale
    let width = width
    blocks = (0..<scale - 1).map { index in
      ConvolutionBlock(
        convolution: "\(name).convs.\(index)", normalization: "\(name).bns.\(index)", inputs: width, outputs: width,
        kernel: kernel, dilation: dilation, layout: &layout)
    }
  }

  private func chunk(_ index: Int) -> Range<Int> { index * width..<(index + 1) * width }

  /// channels × (utterances · frames) → the same.
  package func forward(_ input: Matrix, utterances: Int, _ pass: ForwardPass) -> (Matrix, Cache) {
    let output = Matrix(rows: channels, columns: input.columns)
    var caches: [ConvolutionBlock.Cache] = []
    for (index, block) in blocks.enumerated() {
      var source = input.rows(chunk(index))
      if index > 0 {
        let sum = Matrix(rows: width, columns: input.columns)
        // Rows of a chunk follow each other without a gap: one pass over all of them.
        ck_add(output.row(chunk(index - 1).lowerBound), source.pointer, sum.pointer, sum.count)
        source = sum.view
      }
      caches.append(block.forward(source, utterances: utterances, into: output.rows(chunk(index)), pass))
    }
    let last = chunk(blocks.count)
    output.row(last.lowerBound).update(from: input.row(last.lowerBound), count: width * input.columns)
    return (output, Cache(blocks: caches))
  }

  /// - Parameter gradient: channels × (objectives · utterances · frames); overwritten.
  package func backward(_ gradient: Matrix, cache: Cache, utterances: Int, _ pass: BackwardPass) -> Matrix {
    let inputGradient = Matrix(rows: channels, columns: gradient.columns)
    let chunkElements = width * gradient.columns
    let last = chunk(blocks.count).lowerBound
    inputGradient.row(last).update(from: gradient.row(last), count: chunkElements)
    for index in blocks.indices.reversed() {
      let own = chunk(index)
      blocks[index].backward(
        gradient.rows(own), cache: cache.blocks[index], utterances: utterances, into: inputGradient.rows(own), pass)
      if index > 0 {
        let before = gradient.row(chunk(index - 1).lowerBound)
        ck_add(before, inputGradient.row(own.lowerBound), before, chunkElements)
      }
    }
    return inputGradient
  }
}
