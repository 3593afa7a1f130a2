internal import CKernels

/// The weighted moments that attentive statistics pooling takes of an utterance's frames x in each channel (Okabe et
/// al. 2018, equations 5 and 6): the mean m = Σαx and the deviation √(Σαx² − m²), where the weights α are a softmax of
/// energies over the frames.
struct WeightedMoments: Sendable {
  let grid: Grid
  /// The frames, channels × (utterances · frames).
  let input: MatrixView
  /// The weights α, channels × (utterances · frames).
  private let weights: Matrix
  /// The means above the deviations, 2·channels × utterances.
  private let output: MatrixView
  /// Σαx², channels × utterances.
  private let squares: Matrix
  private let floor: Float

  private var channels: Int { input.rows }

  /// Writes means and deviations.
  /// - Parameters:
  ///   - energies: the energies of the frames, channels × (utterances · frames), in whose memory the weights are then.
  ///   - grid: the grid of the frames, one line an utterance.
  ///   - floor: the least variance.
  ///   - output: takes the means above the deviations, 2·channels × utterances.
  init(of input: MatrixView, energies: Matrix, _ grid: Grid, floor: Float, into output: MatrixView) {
    let (utterances, frames, channels) = (grid.utterances, grid.frames, input.rows)
    let squares = Matrix(rows: channels, columns: utterances)
    inParallel(channels) { channel in
      for utterance in 0..<utterances {
        let start = utterance * frames
        var mean: Float = 0
        var square: Float = 0
        ck_attentive_statistics(
          energies.row(channel) + start, input.row(channel) + start, frames, &mean, &square)
        output.row(channel)[utterance] = mean
        output.row(channels + channel)[utterance] = max(square - mean * mean, floor).squareRoot()
        squares[channel, utterance] = square
      }
    }
    self.grid = grid
    self.input = input
    weights = energies
    self.output = output
    self.squares = squares
    self.floor = floor
  }

  /// The gradients of m and of Σαx², each channels × (objectives · utterances).
  struct Gradients: Sendable {
    let mean: Matrix
    let square: Matrix
  }

  /// The gradients of the moments from that of the output. A deviation at its floor has none.
  func gradients(_ gradient: MatrixView) -> Gradients {
    let mean = Matrix(rows: channels, columns: gradient.columns)
    let square = Matrix(rows: channels, columns: gradient.columns)
    inParallel(channels) { channel in
      for column in 0..<gradient.columns {
        let utterance = column % grid.utterances
        let average = output.row(channel)[utterance]
        let deviation = output.row(channels + channel)[utterance]
        let variance = squares[channel, utterance] - average * average
        let dVariance = variance > floor ? gradient.row(channels + channel)[column] / (2 * deviation) : 0
        square[channel, column] = dVariance
        mean[channel, column] = gradient.row(channel)[column] - 2 * average * dVariance
      }
    }
    return Gradients(mean: mean, square: square)
  }

  /// Writes the gradients of the energies, channels × (objectives · utterances · frames).
  func writeEnergyGradients(_ moments: Gradients, to result: MatrixView) {
    let frames = grid.frames
    inParallel(channels) { channel in
      for column in 0..<moments.mean.columns {
        let utterance = column % grid.utterances
        let dMean = moments.mean[channel, column]
        let dSquare = moments.square[channel, column]
        let inner = dMean * output.row(channel)[utterance] + dSquare * squares[channel, utterance]
        ck_attention_backward(
          weights.row(channel) + utterance * frames, input.row(channel) + utterance * frames,
          result.row(channel) + column * frames, frames, dMean, dSquare, inner)
      }
    }
  }

  /// Adds the gradients that reach the frames through the moments, and slope · x + constant for each of them.
  /// - Parameters:
  ///   - gradient: to which is added, channels × (objectives · utterances · frames).
  ///   - throughReLU: whether the sum is then taken back through the ReLU whose output the frames are.
  ///   - line: gives slope and constant of a channel and a column of the moments' gradients.
  func addFrameGradients(
    _ moments: Gradients, to gradient: MatrixView, throughReLU: Bool = false,
    line: @Sendable (_ channel: Int, _ column: Int) -> (slope: Float, constant: Float) = { _, _ in (0, 0) }
  ) {
    let frames = grid.frames
    let add = throughReLU ? ck_pooling_relu_backward : ck_pooling_backward
    inParallel(channels) { channel in
      for column in 0..<moments.mean.columns {
        let start = column % grid.utterances * frames
        let (slope, constant) = line(channel, column)
        add(
          gradient.row(channel) + column * frames, weights.row(channel) + start, input.row(channel) + start, frames,
          moments.mean[channel, column], moments.square[channel, column], slope, constant)
      }
    }
  }
}
