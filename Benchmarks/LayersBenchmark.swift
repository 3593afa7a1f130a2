import ArgumentParser
import DistTrain
import Foundation

/// Each kind of layer alone, with the sizes it has in the encoder.
struct LayersBenchmark: Benchmark {
  static let configuration = CommandConfiguration(
    commandName: "layers",
    abstract: "Each kind of layer forward and backward, against the rate of products and the memory's bandwidth.",
    discussion: """
      Layers with products are held against the rate of a C × C product over all frames, the others against the bandwidth \
      of scaling in place, at one read or write of each activation they need and make.
      """)

  @OptionGroup var step: StepOptions
  @OptionGroup var output: OutputOptions

  func measure(_ communicator: any Communicator) throws -> [Measure] {
    ThreadTeam.shared.grow(to: step.threads)
    let operations = ProductRate.measure(size: step.channels, columns: step.rows * step.frames)
    let bytes = MemoryBandwidth.measure().scale
    return timedLayers().flatMap { layer in
      layer.passes(rounds: step.steps).flatMap { pass in
        [
          Measure(quantity: "\(layer.name), \(pass.name)", value: pass.seconds * 1e3, unit: "ms"),
          work(of: pass, quantity: "\(layer.name), \(pass.name), work"),
          Measure(
            quantity: "\(layer.name), \(pass.name), limit",
            value: max(Double(pass.operations) / operations, Double(pass.bytes) / bytes) / pass.seconds,
            unit: "of the limit"),
        ]
      }
    }
  }

  private func work(of pass: TimedLayer.Pass, quantity: String) -> Measure {
    pass.bytes > 0
      ? Measure(quantity: quantity, value: Double(pass.bytes) / 1e6, unit: "MB of activations read and written")
      : Measure(quantity: quantity, value: Double(pass.operations) / 1e9, unit: "GFLOP of products")
  }

  private func timedLayers() -> [TimedLayer] {
    let c = step.channels
    let grid = Grid(utterances: step.rows, frames: step.frames)
    return [
      TimedLayer("entry convolution", grid) {
        ConvolutionBlock(convolution: "c", normalization: "n", inputs: 80, outputs: c, kernel: 5, layout: &$0)
      },
      TimedLayer("convolution of one frame", grid, view: \.normalized) {
        ConvolutionBlock(convolution: "c", normalization: "n", inputs: c, outputs: c, layout: &$0)
      },
      TimedLayer("Res2 branch", grid, view: \.normalized) {
        Res2Block("r", channels: c, scale: 8, kernel: 3, dilation: 3, layout: &$0)
      },
      TimedLayer("aggregation", grid) {
        ConvolutionBlock(convolution: "c", normalization: "n", inputs: 3 * c, outputs: 1536, layout: &$0)
      },
      normalization(grid), squeezeExcitation(grid), pooling(grid), separableBlock,
    ]
  }

  /// A block with the sizes of the first stage of ReDimNet2 B0. Forward it reads the input twice and writes the output,
  /// writes what the first ReLU gives twice and reads it twice, and writes the last product and reads it twice.
  private var separableBlock: TimedLayer {
    let grid = Grid(utterances: step.rows, height: 72, frames: step.frames)
    return TimedLayer("separable residual block", grid, passes: (forward: 10, backward: 25)) {
      SeparableResidualBlock("b", channels: 24, layout: &$0)
    }
  }

  /// A normalisation in place, as the encoder has it.
  private func normalization(_ grid: Grid) -> TimedLayer {
    var layout = EncoderLayout()
    let layer = BatchNormalization("n", channels: step.channels, layout: &layout)
    return TimedLayer(
      "normalisation", layout, grid, inputs: layer.inputs, outputs: layer.outputs, outputGrid: grid, passes: (2, 3)
    ) { x, pass in
      let (_, cache) = layer.forward(AffineView(x.view), grid, pass)
      return { layer.backward($0.view, cache: cache, into: $0.view, $1) }
    }
  }

  private func squeezeExcitation(_ grid: Grid) -> TimedLayer {
    let c = step.channels
    var layout = EncoderLayout()
    let layer = SqueezeExcitation("s", channels: c, bottleneck: 128, layout: &layout)
    // In the encoder the convolution before takes the means; any numbers do here.
    let means = Matrix.zeros(rows: c, columns: grid.utterances)
    let centres = [Float](repeating: 0, count: c)
    return TimedLayer(
      "squeeze-excitation", layout, grid, inputs: c, outputs: c, outputGrid: grid, passes: (3, 2)
    ) { x, pass in
      let input = x.normalized
      let output = Matrix(rows: x.rows, columns: x.columns)
      let cache = layer.forward(input, valueMeans: means, residual: input, into: output.view, pass)
      return { _ = layer.backward($0.view, cache: cache, centres: centres, $1) }
    }
  }

  /// A pooling with the ReLU before it, as the encoder has it.
  private func pooling(_ grid: Grid) -> TimedLayer {
    var layout = EncoderLayout()
    let layer = AttentiveStatisticsPooling("p", channels: 1536, bottleneck: 128, globalContext: true, layout: &layout)
    return TimedLayer(
      "attentive pooling", layout, grid, inputs: layer.inputs, outputs: layer.outputs, outputGrid: grid.pooled
    ) { x, pass in
      let (_, cache) = layer.forward(AffineView(x.view), grid, pass)
      return { gradient, pass in
        let result = Matrix(rows: layer.inputs, columns: pass.objectives * grid.columns)
        layer.backwardThroughReLU(gradient.view, cache: cache, into: result.view, pass)
      }
    }
  }
}

extension Matrix {
  /// The view that a normalisation gives to the next layer.
  fileprivate var normalized: AffineView {
    AffineView(
      view, scales: Array(repeating: 1.25, count: rows), shifts: Array(repeating: -0.5, count: rows))
  }
}
