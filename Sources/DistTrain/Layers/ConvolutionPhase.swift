/// The elements of a map that a striding kernel reads by the same taps: every sₕ-th line and sₜ-th frame, from a first
/// one on.
///
/// The gradient of a convolution's input is a convolution of the output's gradient with the kernel turned round. Where
/// the kernel strides, an element is read by some of the taps only, the same ones within a phase. Phase by phase no
/// product is made with the zeros that a stride would leave between the output's elements.
struct ConvolutionPhase: Sendable {
  /// A tap of the kernel that reads the phase's elements, and where the output lies that it adds to.
  struct PhaseTap: Sendable {
    /// The index of the tap in the kernel.
    let index: Int
    /// The place of the output, from the element's index in the phase.
    let tap: MapWindows.Tap
  }

  /// The first line and frame.
  private let line: Int
  private let frame: Int
  private let stride: MapStride
  let taps: [PhaseTap]
  /// The number of taps of the whole kernel.
  private let kernel: Int

  private init(line: Int, frame: Int, taps: [MapWindows.Tap], stride: MapStride) {
    self.line = line
    self.frame = frame
    self.stride = stride
    kernel = taps.count
    // Element h is read by a tap of the output's line h' where h = h'·s + the tap's distance.
    self.taps = taps.enumerated().compactMap { index, tap in
      let lines = line - tap.line
      let frames = frame - tap.frame
      guard lines % stride.height == 0, frames % stride.frames == 0 else { return nil }
      return PhaseTap(index: index, tap: .init(line: lines / stride.height, frame: frames / stride.frames))
    }
  }

  /// The phases that make up all elements. Those of a kernel smaller than its stride have no taps in some.
  /// - Parameter taps: the elements that the kernel reads, in the order of a weight's elements.
  static func phases(taps: [MapWindows.Tap], stride: MapStride) -> [ConvolutionPhase] {
    (0..<stride.height * stride.frames).map {
      ConvolutionPhase(line: $0 / stride.frames, frame: $0 % stride.frames, taps: taps, stride: stride)
    }
  }

  /// The grid of the phase's elements in a map.
  func places(on grid: Grid) -> Grid {
    Grid(
      utterances: grid.utterances, height: (grid.height - line + stride.height - 1) / stride.height,
      frames: (grid.frames - frame + stride.frames - 1) / stride.frames)
  }

  /// The weights of the phase's taps, inputs × (outputs · taps), from those of the convolution.
  func weights(_ weights: MatrixView) -> Matrix {
    let result = Matrix(rows: weights.columns / kernel, columns: weights.rows * taps.count)
    inParallel(result.rows) { input in
      let row = result.row(input)
      for output in 0..<weights.rows {
        let source = weights.row(output) + input * kernel
        for (place, tap) in taps.enumerated() { row[output * taps.count + place] = source[tap.index] }
      }
    }
    return result
  }

  /// Memory for a product at the places of a panel.
  func memory(rows: Int, _ panel: MapWindows.Panel) -> MatrixView {
    Matrix(rows: rows, columns: MapWindows.mostColumns).columns(0..<panel.columns.count)
  }

  /// Writes or adds what belongs to the phase's elements at the places of a panel.
  /// - Parameters:
  ///   - values: channels × the panel's columns.
  ///   - target: channels × the columns of `grid`.
  func spread(
    _ values: MatrixView, _ panel: MapWindows.Panel, places: Grid, to target: MatrixView, _ grid: Grid, adding: Bool
  ) {
    let count = panel.frames.count
    for channel in 0..<values.rows {
      for (index, place) in panel.lines.enumerated() {
        let (utterance, height) = place.quotientAndRemainder(dividingBy: places.height)
        let own = utterance * grid.height + height * stride.height + line
        let to = target.row(channel) + own * grid.frames + panel.frames.lowerBound * stride.frames + frame
        let from = values.row(channel) + index * count
        for element in 0..<count {
          let old = adding ? to[element * stride.frames] : 0
          to[element * stride.frames] = old + from[element]
        }
      }
    }
  }
}
