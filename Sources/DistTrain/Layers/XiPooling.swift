internal import CKernels
import Foundation

/// The pooling of xi-vectors (Lee, Wang and Koshinaka, "Xi-Vector Embedding for Speaker Recognition", IEEE Signal
/// Processing Letters 2021), as wespeaker's XI has it: in each channel, frames x are observations of an unknown mean,
/// each with a precision p of its own, and the output is the mean that they make likely, (Σ p·x + p₀·μ₀) / (Σ p + p₀).
/// Its prior is a frame μ₀ of precision p₀, both trained.
///
/// Precisions are softplus(e)² of energies e, from exp(−15) to exp(15); what is stored of p₀ is its logarithm.
public struct XiPooling: Layer {
  /// The values that the forward pass keeps for the backward pass.
  public struct Cache: Sendable {
    let grid: Grid
    /// The input, channels × (utterances · frames).
    let input: MatrixView
    /// The energies e, channels × (utterances · frames).
    let energies: Matrix
    let attention: AttentionEnergies.Cache
    /// 1 / (Σ p + p₀), channels × utterances.
    let inverses: Matrix
    /// p₀ / (Σ p + p₀), channels × utterances.
    let priors: Matrix
    /// The output, channels × utterances.
    let output: MatrixView
  }

  package let channels: Int
  private let priorMean: Parameter
  private let priorLogPrecision: Parameter
  private let attention: AttentionEnergies
  public var inputs: Int { channels }
  public var outputs: Int { channels }

  /// - Parameter name: the scope of `prior_mean` and `prior_logprec` [1, channels], `lin1_relu_bn.0`, `lin1_relu_bn.2`
  ///   and `lin2`.
  public init(_ name: String, channels: Int, bottleneck: Int, layout: inout EncoderLayout) {
    self.channels = channels
    (priorMean, priorLogPrecision, attention) = layout.scope(name) {
      (
        $0.parameter("prior_mean", shape: [1, channels], initialisation: .constant(0), decays: false),
        $0.parameter("prior_logprec", shape: [1, channels], initialisation: .constant(0), decays: false),
        AttentionEnergies(
          hidden: "lin1_relu_bn.0", normalization: "lin1_relu_bn.2", energy: "lin2", channels: channels,
          bottleneck: bottleneck, layout: &$0)
      )
    }
  }

  public func outputGrid(_ grid: Grid) -> Grid { grid.pooled }

  /// Pools utterances of one line of frames each: channels × (utterances · frames) → channels × utterances.
  public func forward(
    _ input: AffineView, _ grid: Grid, into output: MatrixView, _ pass: ForwardPass
  ) -> (output: AffineView, cache: Cache) {
    precondition(grid.height == 1, "pooled is over lines of frames, one an utterance")
    let (input, utterances, frames) = (input.plain, grid.utterances, grid.frames)
    let (energies, attentionCache) = attention.forward(input, grid, pass)
    let (means, logPrecisions) = (pass.vector(priorMean), pass.vector(priorLogPrecision))
    let inverses = Matrix(rows: channels, columns: utterances)
    let priors = Matrix(rows: channels, columns: utterances)
    inParallel(channels) { channel in
      let precisions = Matrix(rows: 1, columns: frames)
      let prior = Double(logPrecisions[channel])
      for utterance in 0..<utterances {
        let start = utterance * frames
        ck_precisions(energies.row(channel) + start, precisions.pointer, frames)
        let total = ck_sum(precisions.pointer, frames)
        let weighted = ck_dot(precisions.pointer, input.row(channel) + start, frames)
        let inverse = 1 / (total + exp(prior))
        // In this form it is 1 where p₀ is beyond all numbers.
        let weight = 1 / (1 + total * exp(-prior))
        inverses[channel, utterance] = Float(inverse)
        priors[channel, utterance] = Float(weight)
        output.row(channel)[utterance] = Float(inverse * weighted + weight * Double(means[channel]))
      }
    }
    let cache = Cache(
      grid: grid, input: input, energies: energies, attention: attentionCache, inverses: inverses, priors: priors,
      output: output)
    return (AffineView(output), cache)
  }

  public func backward(
    _ gradient: MatrixView, cache: Cache, into inputGradient: MatrixView?, _ pass: BackwardPass
  ) {
    let (utterances, frames) = (cache.grid.utterances, cache.grid.frames)
    addPriorGradients(gradient, cache: cache, pass)
    // The memory of the input's gradient takes the gradient of the energies first.
    let inputGradient = inputGradient ?? Matrix(rows: channels, columns: gradient.columns * frames).view
    inParallel(channels) { channel in
      for column in 0..<gradient.columns {
        let utterance = column % utterances
        // The output's slope by a precision is (x − φ) / (Σ p + p₀).
        ck_precisions_backward(
          cache.energies.row(channel) + utterance * frames, cache.input.row(channel) + utterance * frames,
          inputGradient.row(channel) + column * frames, frames,
          gradient.row(channel)[column] * cache.inverses[channel, utterance], cache.output.row(channel)[utterance])
      }
    }
    attention.backward(inputGradient, cache: cache.attention, pass)
    inParallel(channels) { channel in
      for column in 0..<gradient.columns {
        let utterance = column % utterances
        ck_add_precisions(
          cache.energies.row(channel) + utterance * frames, inputGradient.row(channel) + column * frames, frames,
          gradient.row(channel)[column] * cache.inverses[channel, utterance])
      }
    }
  }

  private func addPriorGradients(_ gradient: MatrixView, cache: Cache, _ pass: BackwardPass) {
    let utterances = cache.grid.utterances
    let units = pass.units.ranges(of: utterances)
    let means = pass.vector(priorMean)
    for objective in 0..<pass.objectives {
      /// The sum over a unit of the output's gradients by the weight of the prior.
      func sum(_ unit: Int, _ channel: Int, _ slope: (_ utterance: Int) -> Float) -> Float {
        units[unit].reduce(0) { sum, utterance in
          let weighted = gradient.row(channel)[objective * utterances + utterance] * cache.priors[channel, utterance]
          return sum + weighted * slope(utterance)
        }
      }
      pass.add(priorMean, objective: objective) { unit, channel in sum(unit, channel) { _ in 1 } }
      pass.add(priorLogPrecision, objective: objective) { unit, channel in
        sum(unit, channel) { means[channel] - cache.output.row(channel)[$0] }
      }
    }
  }
}

extension XiPooling: GraphLayer {
  package func describe(_ input: EncoderGraph.Value, in graph: inout EncoderGraph) -> EncoderGraph.Value {
    let roots = graph.add("Softplus", attention.describe(input, in: &graph))
    let bounds = [Float(exp(-15.0)), Float(exp(15.0))].map { graph.number($0) }
    let precisions = graph.add("Clip", graph.add("Mul", roots, roots), bounds[0], bounds[1])
    let total = graph.pooled(graph.frameSum(precisions))
    let weighted = graph.pooled(graph.frameSum(graph.add("Mul", precisions, input)))
    let (means, logPrecisions) = (graph.trained(priorMean), graph.trained(priorLogPrecision))
    let ofFrames = graph.add("Div", weighted, graph.add("Add", total, graph.add("Exp", logPrecisions)))
    // In this form it is 1 where the prior's precision is beyond all numbers.
    let inverse = graph.add("Mul", total, graph.add("Exp", graph.add("Neg", logPrecisions)))
    let ofPrior = graph.add("Div", means, graph.add("Add", inverse, graph.number(1)))
    return graph.add("Add", ofFrames, ofPrior)
  }
}
