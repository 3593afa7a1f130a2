/// Residual blocks one after the other, each of which reads what the one before it wrote.
package struct ResidualBlocks: Sendable {
  package struct Cache {
    /// The blocks' caches; none after a pass that keeps none.
    fileprivate let blocks: [ResidualBlock.Cache]
    /// The grid of the last block's output.
    package let outputGrid: Grid
  }

  private let blocks: [ResidualBlock]

  /// - Parameter blocks: one block or more, each of which has as many rows of input as the one before it of output.
  package init(_ blocks: [ResidualBlock]) {
    precondition(zip(blocks, blocks.dropFirst()).allSatisfy { $0.outputs == $1.inputs }, "blocks' channels must fit")
    self.blocks = blocks
  }

  package var outputs: Int { blocks[blocks.count - 1].outputs }

  package func outputGrid(_ grid: Grid) -> Grid { blocks.reduce(grid) { $1.outputGrid($0) } }

  /// Computes the last block's output, outputs × the output grid's columns.
  /// - Parameter input: a view of one matrix, scaled and shifted at the most.
  package func forward(
    _ input: AffineView, _ grid: Grid, _ pass: ForwardPass
  ) -> (output: AffineView, cache: Cache) {
    var (current, currentGrid) = (input, grid)
    var caches: [ResidualBlock.Cache] = []
    for block in blocks {
      let (output, cache) = block.forward(current, currentGrid, pass)
      if pass.keepsCaches { caches.append(cache) }
      (current, currentGrid) = (output, block.outputGrid(currentGrid))
    }
    return (current, Cache(blocks: caches, outputGrid: currentGrid))
  }

  /// Adds the gradients of the parameters.
  /// - Parameter gradient: the gradient of the output, which is overwritten.
  /// - Returns: the gradient of the input, inputs × (objectives · columns), in the memory of `gradient` if all blocks
  ///   keep their shape.
  package func backward(_ gradient: MatrixView, cache: Cache, _ pass: BackwardPass) -> MatrixView {
    precondition(cache.blocks.count == blocks.count, "a pass that kept no caches has no way back")
    var current = gradient
    for (block, own) in zip(blocks, cache.blocks).reversed() {
      let target =
        block.keepsShape ? current : Matrix(rows: block.inputs, columns: pass.objectives * own.grid.columns).view
      block.backward(current, cache: own, into: target, pass)
      current = target
    }
    return current
  }
}

extension ResidualBlocks {
  /// Adds the blocks of a graph's map.
  package func describe(_ input: EncoderGraph.Value, in graph: inout EncoderGraph) -> EncoderGraph.Value {
    blocks.reduce(input) { $1.describe($0, in: &graph) }
  }
}
