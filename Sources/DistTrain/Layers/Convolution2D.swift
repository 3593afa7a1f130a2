/// A convolution over height and time without bias:
/// y[o, h, t] = Σ_{c,i,j} w[o, c, i, j] · x[c, h·sₕ + i − (k−1)/2, t·sₜ + j − (k−1)/2], where x is 0 beyond its ends, or over
/// time alone: y[o, h, t] = Σ_{c,j} w[o, c, j] · x[c, h, t·sₜ + (j − (k−1)/2)·d].
///
/// A map has its channels as rows and the lines of frames of all utterances as columns (`Grid`), as every activation has
/// here. A kernel of one element is then one product with the map as it is, a normalisation finds a channel in one piece,
/// and what a kernel's tap reads of a line is a shifted piece of it. A larger kernel is a product with the windows that
/// it reads, gathered panel by panel (`MapWindows`).
public struct Convolution2D: Layer {
  public struct Cache: Sendable {
    let input: AffineView
    let grid: Grid
  }

  public let inputs: Int
  public let outputs: Int
  /// What the kernel reads, around where it stands, in the order of a weight's elements.
  private let taps: [MapWindows.Tap]
  package let stride: MapStride
  let weight: Parameter

  /// - Parameters:
  ///   - name: the scope of `weight` [outputs, inputs, kernel, kernel].
  ///   - kernel: the number of lines, and of frames, of the kernel, which is odd.
  public init(
    _ name: String, inputs: Int, outputs: Int, kernel: Int, stride: MapStride = MapStride(),
    layout: inout EncoderLayout
  ) {
    precondition(kernel % 2 == 1, "a kernel has a middle")
    let reach = (kernel - 1) / 2
    let taps = (0..<kernel * kernel).map { MapWindows.Tap(line: $0 / kernel - reach, frame: $0 % kernel - reach) }
    self.init(
      name, inputs: inputs, outputs: outputs, sides: [kernel, kernel], taps: taps, stride: stride, start: .uniform,
      layout: &layout)
  }

  /// A kernel of one line, which is a convolution over time alone.
  /// - Parameters:
  ///   - name: the scope of `weight` [outputs, inputs, kernel].
  ///   - kernel: the number of frames of the kernel, which is odd.
  ///   - dilation: the frames from one of them to the next.
  ///   - stride: the frames from one place of the kernel to the next.
  public init(
    overTime name: String, inputs: Int, outputs: Int, kernel: Int = 1, dilation: Int = 1, stride: Int = 1,
    start: WeightStart, layout: inout EncoderLayout
  ) {
    precondition(kernel % 2 == 1, "a kernel has a middle")
    let taps = (0..<kernel).map { MapWindows.Tap(line: 0, frame: ($0 - (kernel - 1) / 2) * dilation) }
    self.init(
      name, inputs: inputs, outputs: outputs, sides: [kernel], taps: taps, stride: MapStride(frames: stride),
      start: start, layout: &layout)
  }

  private init(
    _ name: String, inputs: Int, outputs: Int, sides: [Int], taps: [MapWindows.Tap], stride: MapStride,
    start: WeightStart, layout: inout EncoderLayout
  ) {
    self.inputs = inputs
    self.outputs = outputs
    self.taps = taps
    self.stride = stride
    weight = layout.scope(name) {
      $0.parameter(
        "weight", shape: [outputs, inputs] + sides, initialisation: start.weight(inputs: inputs * taps.count),
        decays: true)
    }
  }

  public func outputGrid(_ grid: Grid) -> Grid { stride.places(on: grid) }

  public func forward(
    _ input: AffineView, _ grid: Grid, into memory: MatrixView, _ pass: ForwardPass
  ) -> (output: AffineView, cache: Cache) {
    switch way(of: input) {
    case .wholeProduct:
      multiply(pass.matrix(weight), input.values, into: memory, precision: pass.precision)
    case .gatheredProducts:
      writeProducts(
        pass.matrix(weight), windows(of: input, grid), utterances: grid.utterances, precision: pass.precision
      ) { panel in memory.columns(panel.columns) }
    }
    return (AffineView(memory), Cache(input: input, grid: grid))
  }

  public func backward(
    _ gradient: MatrixView, cache: Cache, into inputGradient: MatrixView?, _ pass: BackwardPass
  ) {
    backward(gradient, cache: cache, into: inputGradient, adding: false, pass)
  }

  /// Adds the gradient of the weights and writes that of the input.
  /// - Parameter adding: whether the input's gradient is added to the values in its memory.
  package func backward(
    _ gradient: MatrixView, cache: Cache, into inputGradient: MatrixView?, adding: Bool, _ pass: BackwardPass
  ) {
    switch way(of: cache.input) {
    case .wholeProduct: addProductGradients(gradient, input: cache.input.values, pass)
    case .gatheredProducts: addGatheredGradients(gradient, windows(of: cache.input, cache.grid), cache.grid, pass)
    }
    guard let inputGradient else { return }
    switch way(of: AffineView(gradient)) {
    case .wholeProduct:
      multiply(
        transposed: pass.matrix(weight), gradient, into: inputGradient, adding: adding, precision: pass.precision)
    case .gatheredProducts:
      writeInputGradient(gradient, cache.grid, into: inputGradient, adding: adding, pass)
    }
  }

  /// The ways to compute a convolution's products.
  private enum Way {
    /// One product with the map as it is.
    case wholeProduct
    /// Products with the windows that the kernel reads, panel by panel.
    case gatheredProducts
  }

  /// Chooses the way by the shape; nothing else does. The same shape has to go the same way on every rank, because ways
  /// round differently.
  private func way(of source: AffineView) -> Way {
    taps.count == 1 && stride == MapStride() && source.isPlain ? .wholeProduct : .gatheredProducts
  }

  /// What the kernel reads of the input at the places of the output.
  private func windows(of input: AffineView, _ grid: Grid) -> MapWindows {
    MapWindows(input, grid, places: outputGrid(grid), stride: stride, taps: taps)
  }

  /// Writes weights · windows, panel by panel on all threads.
  /// - Parameters:
  ///   - weights: outputs × (channels · taps).
  ///   - utterances: the number of utterances of the windows.
  ///   - adding: whether the products are added to the values in their memory.
  ///   - memory: the memory for a panel's product, outputs × the panel's columns.
  ///   - finish: is called with each product.
  private func writeProducts(
    _ weights: MatrixView, _ windows: MapWindows, utterances: Int, adding: Bool = false, precision: Precision,
    into memory: @Sendable (MapWindows.Panel) -> MatrixView,
    finishing finish: @Sendable (MapWindows.Panel, MatrixView) -> Void = { _, _ in }
  ) {
    let panels = windows.panels(of: 0..<utterances)
    let slices = windows.slices
    ThreadTeam.shared.run(panels.count) { index in
      let panel = panels[index]
      let target = memory(panel)
      let room = MapWindows.memory()
      for channels in slices {
        let rows = windows.gathered(panel, channels: channels, in: room)
        multiply(
          weights.columns(windows.rows(of: channels)), rows, into: target, adding: adding || channels.lowerBound > 0,
          precision: precision)
      }
      finish(panel, target)
    }
  }

  private func addProductGradients(_ gradient: MatrixView, input: MatrixView, _ pass: BackwardPass) {
    for objective in 0..<pass.objectives {
      let own = gradient.columns(objective * input.columns..<(objective + 1) * input.columns)
      pass.add(to: weight, objective: objective) {
        addUnitProducts(own, transposed: input, units: pass.units, to: $0, precision: pass.precision)
      }
    }
  }

  private func addGatheredGradients(
    _ gradient: MatrixView, _ windows: MapWindows, _ grid: Grid, _ pass: BackwardPass
  ) {
    let products = WindowProducts(
      gradient: gradient, windows: windows, columns: outputGrid(grid).columns, objectives: pass.objectives,
      units: pass.units.ranges(of: grid.utterances), precision: pass.precision)
    let sums = products.sums(of: pass.units.nodes)
    for objective in 0..<pass.objectives {
      pass.add(to: weight, objective: objective) { sums.add(objective: objective, to: $0) }
    }
  }

  private func writeInputGradient(
    _ gradient: MatrixView, _ grid: Grid, into inputGradient: MatrixView, adding: Bool, _ pass: BackwardPass
  ) {
    let grid = Grid(utterances: grid.utterances * pass.objectives, height: grid.height, frames: grid.frames)
    let phases = ConvolutionPhase.phases(taps: taps, stride: stride).filter { !$0.taps.isEmpty }
    if !adding && phases.count < stride.height * stride.frames {
      // What no kernel reads has no gradient.
      inParallel(inputs) { inputGradient.row($0).update(repeating: 0, count: inputGradient.columns) }
    }
    for phase in phases {
      let weights = phase.weights(pass.matrix(weight))
      let places = phase.places(on: grid)
      let windows = MapWindows(
        AffineView(gradient), outputGrid(grid), places: places, stride: MapStride(), taps: phase.taps.map(\.tap))
      if stride == MapStride() {
        writeProducts(
          weights.view, windows, utterances: grid.utterances, adding: adding, precision: pass.precision
        ) { panel in inputGradient.columns(panel.columns) }
      } else {
        writeProducts(weights.view, windows, utterances: grid.utterances, precision: pass.precision) { panel in
          phase.memory(rows: inputs, panel)
        } finishing: { panel, product in
          phase.spread(product, panel, places: places, to: inputGradient, grid, adding: adding)
        }
      }
    }
  }
}
