/// A convolution over height and time without bias: y[o, h, t] = Σ_{c,i,j} w[o, c, i, j] · x[c, h·sₕ + i − (k−1)/2,
/// t·sₜ + j − (k−1)/2], where x is 0 beyond its ends, or over time alone: y[o, h, t] = Σ_{c,j} w[o, c, j] · x[c, h,
/// t·sₜ + (j − (k−1)/2)·d], or over height alone, by lines that no other place reads: y[o, h, t] = Σ_{c,i} w[o, c, i] ·
/// x[c, h·sₕ + i, t].
///
/// A map has its channels as rows and the lines of frames of all utterances as columns (`Grid`), as every activation
/// has here. A kernel of one element is then one product with the map as it is, a normalisation finds a channel in one
/// piece, and what a kernel's tap reads of a line is a shifted piece of it. A larger kernel is a product with the
/// windows that it reads, gathered panel by panel (`MapWindows`).
public struct Convolution2D: Layer {
  /// The values that the forward pass keeps for the backward pass.
  public struct Cache: Sendable {
    let input: AffineView
    let grid: Grid
  }

  public let inputs: Int
  public let outputs: Int
  /// The elements that the kernel reads around its place, in the order of a weight's elements.
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
    self.init(
      name, inputs: inputs, outputs: outputs, sides: [kernel, kernel], taps: Self.square(kernel), stride: stride,
      start: .uniform, layout: &layout)
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

  /// A kernel of one frame that strides over height by all its lines.
  /// - Parameters:
  ///   - name: the scope of `weight` [outputs, inputs, lines, 1].
  ///   - lines: the number of lines of the kernel, of which a map has a multiple.
  package init(overLines name: String, inputs: Int, outputs: Int, lines: Int, layout: inout EncoderLayout) {
    let taps = (0..<lines).map { MapWindows.Tap(line: $0, frame: 0) }
    self.init(
      name, inputs: inputs, outputs: outputs, sides: [lines, 1], taps: taps, stride: MapStride(height: lines),
      start: .uniform, layout: &layout)
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
    forward(input, grid, into: memory, finishing: nil, pass)
  }

  /// Computes the output and what becomes of it in its memory.
  /// - Parameter sum: a view of the memory, alone or in a sum: what is written in place of its values.
  func forward(
    _ input: AffineView, _ grid: Grid, into memory: MatrixView, finishing sum: AffineView?, _ pass: ForwardPass
  ) -> (output: AffineView, cache: Cache) {
    switch way(of: input, grid, pass.precision) {
    case .wholeProduct:
      multiply(pass.factor(weight), input.values, into: memory, precision: pass.precision)
      sum?.write(to: memory)
    case .minimalFiltering:
      pass.once(weight) { WinogradProducts(pass.matrix(weight)) }
        .write(input, grid, to: memory, finishing: sum)
    case .gatheredProducts:
      windows(of: input, grid).writeProducts(with: pass.factor(weight), precision: pass.precision) {
        memory.columns($0.columns)
      } finishing: { panel, product in
        guard let sum else { return }
        for row in 0..<product.rows { sum.write(row: row, columns: panel.columns, to: product.row(row)) }
      }
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
    switch way(of: cache.input, cache.grid, pass.precision) {
    case .wholeProduct: addProductGradients(gradient, input: cache.input.values, pass)
    case .minimalFiltering: addFilteredGradients(gradient, cache, pass)
    case .gatheredProducts: windows(of: cache.input, cache.grid).addGradients(of: weight, gradient, pass)
    }
    guard let inputGradient else { return }
    switch way(of: AffineView(gradient), cache.grid, pass.precision) {
    case .wholeProduct:
      multiply(
        transposed: pass.matrix(weight), gradient, into: inputGradient, adding: adding, precision: pass.precision)
    case .minimalFiltering:
      WinogradProducts(turning: pass.matrix(weight)).write(
        AffineView(gradient), cache.grid.stacked(pass.objectives), to: inputGradient, adding: adding)
    case .gatheredProducts:
      writeInputGradient(gradient, cache.grid, into: inputGradient, adding: adding, pass)
    }
  }

  /// The ways to compute a convolution's products.
  private enum Way {
    /// One product with the map as it is.
    case wholeProduct
    /// Thirty-six products with the map's tiles, panel by panel.
    case minimalFiltering
    /// Products with the windows that the kernel reads, panel by panel.
    case gatheredProducts
  }

  /// The elements that a kernel of so many lines and frames reads around its place.
  private static func square(_ kernel: Int) -> [MapWindows.Tap] {
    let reach = (kernel - 1) / 2
    return (0..<kernel * kernel).map { MapWindows.Tap(line: $0 / kernel - reach, frame: $0 % kernel - reach) }
  }

  /// Chooses the way by the shape and the precision; nothing else does. The same shape has to go the same way on every
  /// rank, because ways round differently. In bf16 nothing is filtered, because the transforms would multiply its
  /// rounding.
  private func way(of source: AffineView, _ grid: Grid, _ precision: Precision) -> Way {
    guard stride == MapStride() else { return .gatheredProducts }
    if taps.count == 1 && source.isPlain { return .wholeProduct }
    let isFiltered =
      taps == Self.square(3) && precision == .single
      && WinogradProducts.pay(channels: inputs, outputs: outputs, grid)
    return isFiltered ? .minimalFiltering : .gatheredProducts
  }

  /// The elements of the input that the kernel reads at the places of the output.
  private func windows(of input: AffineView, _ grid: Grid) -> MapWindows {
    MapWindows(input, grid, places: outputGrid(grid), stride: stride, taps: taps)
  }

  private func addProductGradients(_ gradient: MatrixView, input: MatrixView, _ pass: BackwardPass) {
    for objective in 0..<pass.objectives {
      let own = gradient.columns(objective * input.columns..<(objective + 1) * input.columns)
      pass.add(to: weight, objective: objective) {
        addUnitProducts(own, transposed: input, units: pass.units, to: $0, precision: pass.precision)
      }
    }
  }

  private func addFilteredGradients(_ gradient: MatrixView, _ cache: Cache, _ pass: BackwardPass) {
    let products = WinogradGradient(
      gradient: gradient, input: cache.input, cache.grid, objectives: pass.objectives,
      units: pass.units.ranges(of: cache.grid.utterances))
    products.sums(of: pass.units.nodes).add(to: weight, pass)
  }

  private func writeInputGradient(
    _ gradient: MatrixView, _ grid: Grid, into inputGradient: MatrixView, adding: Bool, _ pass: BackwardPass
  ) {
    let grid = grid.stacked(pass.objectives)
    let phases = ConvolutionPhase.phases(taps: taps, stride: stride).filter { !$0.taps.isEmpty }
    if !adding && phases.count < stride.height * stride.frames {
      // An element that no kernel reads has no gradient.
      inParallel(inputs) { inputGradient.row($0).update(repeating: 0, count: inputGradient.columns) }
    }
    for phase in phases {
      let weights = phase.weights(pass.matrix(weight))
      let places = phase.places(on: grid)
      let windows = MapWindows(
        AffineView(gradient), outputGrid(grid), places: places, stride: MapStride(), taps: phase.taps.map(\.tap))
      if stride == MapStride() {
        windows.writeProducts(with: LeftFactor(weights.view), adding: adding, precision: pass.precision) {
          inputGradient.columns($0.columns)
        }
      } else {
        windows.writeProducts(with: LeftFactor(weights.view), precision: pass.precision) { panel in
          phase.memory(rows: inputs, panel)
        } finishing: { panel, product in
          phase.spread(product, panel, places: places, to: inputGradient, grid, adding: adding)
        }
      }
    }
  }
}

extension Convolution2D: GraphLayer {
  /// Adds the convolution of maps, or of frames where the kernel is over time alone.
  package func describe(_ input: EncoderGraph.Value, in graph: inout EncoderGraph) -> EncoderGraph.Value {
    describe(input, bias: nil, in: &graph)
  }

  func describe(_ input: EncoderGraph.Value, bias: Parameter?, in graph: inout EncoderGraph) -> EncoderGraph.Value {
    let overTime = weight.shape.count == 3
    let frames = Set(taps.map(\.frame)).sorted()
    let dilation = frames.count > 1 ? frames[1] - frames[0] : 1
    let before = (overTime ? [] : [-(taps.map(\.line).min() ?? 0)]) + [-frames[0]]
    let operands = [graph.trained(weight)] + (bias.map { [graph.trained($0)] } ?? [])
    return graph.add(
      "Conv", [input] + operands,
      attributes: [
        "dilations": .numbers(overTime ? [dilation] : [1, dilation]), "pads": .numbers(before + before),
        "strides": .numbers(overTime ? [stride.frames] : [stride.height, stride.frames]),
      ])
  }
}
