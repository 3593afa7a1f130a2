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
    let (c, utterances, frames) = (step.channels, step.rows, step.frames)
    return [
      TimedLayer("entry convolution", utterances: utterances, frames: frames, inputs: 80, outputs: c) {
        let block = ConvolutionBlock(
          convolution: "c", normalization: "n", inputs: 80, outputs: c, kernel: 5, layout: &$0)
        return { x, pass in block.pair(AffineView(x.view), utterances, pass) }
      },
      TimedLayer("convolution of one frame", utterances: utterances, frames: frames, inputs: c, outputs: c) {
        let block = ConvolutionBlock(convolution: "c", normalization: "n", inputs: c, outputs: c, layout: &$0)
        return { x, pass in block.pair(x.normalized, utterances, pass) }
      },
      TimedLayer("Res2 branch", utterances: utterances, frames: frames, inputs: c, outputs: c) {
        let block = Res2Block("r", channels: c, scale: 8, kernel: 3, dilation: 3, layout: &$0)
        return { x, pass in
          let (_, cache) = block.forward(x.normalized, utterances: utterances, pass)
          return { gradient, pass in
            let result = Matrix(rows: gradient.rows, columns: gradient.columns)
            block.backward(gradient.view, cache: cache, utterances: utterances, into: result.view, pass)
          }
        }
      },
      TimedLayer("aggregation", utterances: utterances, frames: frames, inputs: 3 * c, outputs: 1536) {
        let block = ConvolutionBlock(convolution: "c", normalization: "n", inputs: 3 * c, outputs: 1536, layout: &$0)
        return { x, pass in block.pair(AffineView(x.view), utterances, pass) }
      },
      TimedLayer("normalisation", utterances: utterances, frames: frames, inputs: c, outputs: c, passes: (2, 3)) {
        let layer = BatchNormalization("n", channels: c, layout: &$0)
        return { x, pass in
          let output = Matrix(rows: x.rows, columns: x.columns)
          let cache = layer.forward(x.view, into: output.view, pass)
          return { layer.backward($0.view, input: x.view, cache: cache, $1) }
        }
      },
      TimedLayer("squeeze-excitation", utterances: utterances, frames: frames, inputs: c, outputs: c, passes: (3, 2)) {
        let layer = SqueezeExcitation("s", channels: c, bottleneck: 128, layout: &$0)
        // In the encoder the convolution before takes the means; any numbers do here.
        let means = Matrix.zeros(rows: c, columns: utterances)
        let centres = [Float](repeating: 0, count: c)
        return { x, pass in
          let input = x.normalized
          let output = Matrix(rows: x.rows, columns: x.columns)
          let cache = layer.forward(input, valueMeans: means, residual: input, into: output.view, pass)
          return { _ = layer.backward($0.view, cache: cache, centres: centres, $1) }
        }
      },
      TimedLayer(
        "attentive pooling", utterances: utterances, frames: 1, inputFrames: frames, inputs: 1536, outputs: 3072
      ) {
        let layer = AttentiveStatisticsPooling(
          "p", channels: 1536, bottleneck: 128, globalContext: true, layout: &$0)
        return { x, pass in
          let (_, cache) = layer.forward(x, utterances: utterances, pass)
          return { _ = layer.backwardThroughReLU($0, cache: cache, utterances: utterances, $1) }
        }
      },
    ]
  }
}

extension ConvolutionBlock {
  fileprivate func pair(_ x: AffineView, _ utterances: Int, _ pass: ForwardPass) -> TimedLayer.Backward {
    let (_, cache) = forward(x, utterances: utterances, pass)
    return { gradient, pass in
      let result = Matrix(rows: x.values.rows, columns: x.values.columns)
      backward(gradient.view, cache: cache, utterances: utterances, into: result.view, pass)
    }
  }
}

extension Matrix {
  /// As a normalisation gives it to the next layer.
  fileprivate var normalized: AffineView {
    AffineView(
      view, scales: Array(repeating: 1.25, count: rows), shifts: Array(repeating: -0.5, count: rows))
  }
}
