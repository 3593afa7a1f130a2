internal import CKernels

/// A convolution over frames: y[o, t] = b[o] + Σ_{c,j} w[o, c, j] · x[c, t + (j − (k−1)/2)·d], where `padding` gives x
/// beyond the ends of a line, or leaves out the t for which it would have to.
///
/// It is one product with the shifted rows of the input (`ShiftedRows`); without padding it is a product with the
/// windows that the kernel reads, panel by panel (`MapWindows`), or is computed by Winograd's minimal filtering
/// (`FrameFilterProducts`) where the encoder chooses that. A kernel of one frame reads the input itself and takes a
/// view's scales and shifts into its weights: W·(a∘x + c) + b = (W∘a)·x + (b + W·c).
public struct Convolution1D: Layer {
  /// The values beyond the ends of a line.
  public enum Padding: Sendable {
    case zeros
    /// The frames mirrored at the first and last one, which are not repeated (PyTorch's `reflect`).
    case reflection
    /// None: a line gets shorter by the (k−1)·d frames that the kernel needs beside one (PyTorch's `valid`).
    case valid
  }

  public struct Cache: Sendable {
    let input: AffineView
    let grid: Grid
  }

  public let inputs: Int
  public let outputs: Int
  /// The number of frames of the kernel, which is odd.
  package let kernel: Int
  package let dilation: Int
  package let padding: Padding
  /// Whether minimal filtering computes the products in single precision. In bf16 the transforms would multiply its
  /// rounding.
  private let isFiltered: Bool
  let weight: Parameter
  let bias: Parameter

  /// - Parameter name: the scope of `weight` [outputs, inputs, kernel] and `bias` [outputs].
  public init(
    _ name: String, inputs: Int, outputs: Int, kernel: Int = 1, dilation: Int = 1, padding: Padding = .zeros,
    layout: inout EncoderLayout
  ) {
    self.init(
      name, inputs: inputs, outputs: outputs, sides: [kernel], dilation: dilation, padding: padding, isFiltered: false,
      layout: &layout)
  }

  /// A kernel of three frames without padding, by Winograd's minimal filtering: half the multiplications of products
  /// with windows, with up to three times their rounding error. It takes less time from 32 channels on either side on.
  /// No size chooses it, but the encoder, because other encoders' runs that go on have to round as before.
  /// - Parameter name: the scope of `weight` [outputs, inputs, 3] and `bias` [outputs].
  package init(
    filtering name: String, inputs: Int, outputs: Int, dilation: Int, layout: inout EncoderLayout
  ) {
    self.init(
      name, inputs: inputs, outputs: outputs, sides: [3], dilation: dilation, padding: .valid,
      isFiltered: FrameFilterProducts.fit(channels: inputs, outputs: outputs, dilation: dilation), layout: &layout)
  }

  /// A kernel of one element of a map over height and time.
  /// - Parameter name: the scope of `weight` [outputs, inputs, 1, 1] and `bias` [outputs].
  public init(ofMaps name: String, inputs: Int, outputs: Int, layout: inout EncoderLayout) {
    self.init(
      name, inputs: inputs, outputs: outputs, sides: [1, 1], dilation: 1, padding: .zeros, isFiltered: false,
      layout: &layout)
  }

  private init(
    _ name: String, inputs: Int, outputs: Int, sides: [Int], dilation: Int, padding: Padding, isFiltered: Bool,
    layout: inout EncoderLayout
  ) {
    let kernel = sides.reduce(1, *)
    precondition(kernel % 2 == 1, "a kernel has a middle")
    self.inputs = inputs
    self.outputs = outputs
    self.kernel = kernel
    self.dilation = dilation
    self.padding = padding
    self.isFiltered = isFiltered
    (weight, bias) = layout.kernels(name, shape: [outputs, inputs] + sides)
  }

  /// The number of frames that the kernel reaches to either side.
  private var reach: Int { (kernel - 1) / 2 * dilation }

  /// The fewest frames of a line: a reflection needs more of them than the kernel reaches, and without padding the
  /// whole kernel lies within a line.
  public var minimumFrames: Int {
    switch padding {
    case .zeros: 1
    case .reflection: reach + 1
    case .valid: 2 * reach + 1
    }
  }

  public func outputGrid(_ grid: Grid) -> Grid {
    guard padding == .valid else { return grid }
    precondition(grid.frames >= minimumFrames, "\(grid.frames) frames, \(minimumFrames) at least")
    return Grid(utterances: grid.utterances, height: grid.height, frames: grid.frames - 2 * reach)
  }

  public func forward(
    _ input: AffineView, _ grid: Grid, into memory: MatrixView, _ pass: ForwardPass
  ) -> (output: AffineView, cache: Cache) {
    let biases = product(input, grid, into: memory, pass)
    inParallel(outputs) { ck_add_scalar(memory.row($0), memory.columns, biases[$0]) }
    return (AffineView(memory), Cache(input: input, grid: grid))
  }

  public func backward(
    _ gradient: MatrixView, cache: Cache, into inputGradient: MatrixView?, _ pass: BackwardPass
  ) {
    let sums = UnitSums(ofRows: gradient, pass)
    backward(gradient, sums: sums, input: cache.input, grid: cache.grid, into: inputGradient, pass)
  }

  /// Computes the product without the bias, which the caller adds in a pass that it makes anyway.
  /// - Parameters:
  ///   - input: the input, inputs × the grid's columns.
  ///   - output: takes the product, outputs × the output grid's columns.
  /// - Returns: the number to be added to each row of the output.
  func product(_ input: AffineView, _ grid: Grid, into output: MatrixView, _ pass: ForwardPass) -> [Float] {
    let precision = pass.precision
    switch way(precision) {
    case .wholeProduct:
      let input = readable(input, precision)
      let product = pass.once(weight) { scaled(by: input, pass) }
      multiply(product.weights, input.values, into: output, precision: precision)
      return product.biases
    case .minimalFiltering:
      let products = pass.once(weight) {
        FrameFilterProducts(pass.matrix(weight), dilation: dilation, factor: pass.factor(made:))
      }
      products.write(input, lines: grid.lines, to: output)
    case .windows:
      windows(of: input, grid).writeProducts(with: pass.factor(weight), precision: precision) {
        output.columns($0.columns)
      }
    case .shiftedRows:
      shiftedRows(grid).writeProducts(input, with: pass.factor(weight), to: output, precision: precision)
    }
    return plainBiases(pass)
  }

  /// The weights of a kernel of one frame with a view's scales, and what is added to their product.
  private struct ScaledProduct: Sendable {
    let weights: LeftFactor
    let biases: [Float]
  }

  private func scaled(by input: AffineView, _ pass: ForwardPass) -> ScaledProduct {
    let weights = pass.matrix(weight)
    return ScaledProduct(
      weights: pass.factor(made: scaled(weights, by: input)),
      biases: input.isPlain ? plainBiases(pass) : biases(input, pass))
  }

  private func plainBiases(_ pass: ForwardPass) -> [Float] {
    let biases = pass.vector(bias)
    return (0..<outputs).map { biases[$0] }
  }

  /// The input, written out if products of a kernel of one frame cannot read it as it is. In bf16 the normalised values
  /// are rounded, because the rounding of values far from their mean would outweigh their differences.
  private func readable(_ input: AffineView, _ precision: Precision) -> AffineView {
    let isReadable = kernel > 1 || input.isPlain || (precision == .single && input.isAffine)
    return isReadable ? input : AffineView(input.stored().view)
  }

  private func biases(_ input: AffineView, _ pass: ForwardPass) -> [Float] {
    let biases = pass.vector(bias)
    let weights = pass.matrix(weight)
    return [Double](filling: outputs) { sums in
      inParallel(outputs) { output in
        let row = weights.row(output)
        sums[output] = input.shifts.indices.reduce(Double(biases[output])) {
          $0 + Double(row[$1]) * Double(input.shifts[$1])
        }
      }
    }.map { Float($0) }
  }

  private func scaled(_ weights: MatrixView, by input: AffineView) -> MatrixView {
    if input.isPlain { return weights }
    let result = Matrix(rows: outputs, columns: inputs)
    for output in 0..<outputs {
      let (from, to) = (weights.row(output), result.row(output))
      for index in 0..<inputs { to[index] = from[index] * input.scales[index] }
    }
    return result.view
  }

  /// Adds the gradients of weights and biases and writes that of the input.
  /// - Parameters:
  ///   - gradient: the gradient of the output, outputs × (objectives · the output grid's columns).
  ///   - sums: the sums of the rows of `gradient`.
  ///   - input: the input that `product` was given.
  ///   - grid: the grid that `product` was given.
  ///   - inputGradient: takes the gradient of the input, inputs × (objectives · columns); nil if nothing before is
  ///     trained.
  ///   - adding: whether the input's gradient is added to the values in its memory.
  func backward(
    _ gradient: MatrixView, sums: UnitSums, input: AffineView, grid: Grid, into inputGradient: MatrixView?,
    adding: Bool = false, _ pass: BackwardPass
  ) {
    sums.add(to: bias, pass)
    switch way(pass.precision) {
    case .wholeProduct: addProductGradients(gradient, sums: sums, input: readable(input, pass.precision), pass)
    case .minimalFiltering: addFilteredGradients(gradient, input: input, grid, pass)
    case .windows: windows(of: input, grid).addGradients(of: weight, gradient, pass)
    case .shiftedRows:
      shiftedRows(grid).addGradients(of: weight, gradient, input: input, lines: grid.lines, pass)
    }
    if let inputGradient { writeInputGradient(gradient, grid, into: inputGradient, adding: adding, pass) }
  }

  /// The ways to compute the products.
  private enum Way {
    /// One product with the input as it is.
    case wholeProduct
    /// Six products with the input's tiles, panel by panel.
    case minimalFiltering
    /// Products with the windows that the kernel reads, panel by panel.
    case windows
    /// Products with the shifted and padded rows, block by block.
    case shiftedRows
  }

  private func way(_ precision: Precision) -> Way {
    if kernel == 1 { return .wholeProduct }
    guard padding == .valid else { return .shiftedRows }
    return isFiltered && precision == .single ? .minimalFiltering : .windows
  }

  /// Adds the gradient of the weights of a kernel of one frame: G·(a∘x + c)ᵀ = (G·xᵀ)∘a + (G·1)·cᵀ, unit by unit.
  private func addProductGradients(_ gradient: MatrixView, sums: UnitSums, input: AffineView, _ pass: BackwardPass) {
    for objective in 0..<pass.objectives {
      let own = gradient.columns(objective * input.columns..<(objective + 1) * input.columns)
      let complete: UnitCompletion = { unit, outputs, inputs, target in
        for (row, output) in outputs.enumerated() {
          input.complete(target.row(row), channels: inputs, sum: Float(sums[objective, unit, output]))
        }
      }
      pass.add(to: weight, objective: objective) {
        addUnitProducts(
          own, transposed: input.values, units: pass.units, to: $0, precision: pass.precision,
          completing: input.isPlain ? nil : complete)
      }
    }
  }

  /// What the kernel reads of the input at the places of the output.
  private func windows(of input: AffineView, _ grid: Grid) -> MapWindows {
    MapWindows(
      input, grid, places: outputGrid(grid), stride: MapStride(),
      taps: (0..<kernel).map { MapWindows.Tap(line: 0, frame: $0 * dilation) })
  }

  private func shiftedRows(_ grid: Grid) -> ShiftedRows {
    precondition(grid.frames >= minimumFrames, "\(grid.frames) frames, \(minimumFrames) at least")
    return ShiftedRows(frames: grid.frames, kernel: kernel, dilation: dilation, isMirrored: padding == .reflection)
  }

  private func addFilteredGradients(_ gradient: MatrixView, input: AffineView, _ grid: Grid, _ pass: BackwardPass) {
    let products = FrameFilterGradient(
      gradient: gradient, input: input, lines: grid.lines, dilation: dilation, objectives: pass.objectives,
      units: pass.units.ranges(of: grid.lines))
    products.sums(of: pass.units.nodes).add(to: weight, pass)
  }

  private func writeInputGradient(
    _ gradient: MatrixView, _ grid: Grid, into inputGradient: MatrixView, adding: Bool, _ pass: BackwardPass
  ) {
    switch way(pass.precision) {
    case .wholeProduct:
      multiply(
        transposed: pass.matrix(weight), gradient, into: inputGradient, adding: adding, precision: pass.precision)
    case .minimalFiltering:
      FrameFilterProducts(turning: pass.matrix(weight), dilation: dilation).write(
        AffineView(gradient), lines: pass.objectives * grid.lines, zeros: 2 * dilation, to: inputGradient,
        adding: adding)
    case .windows:
      // A frame has its gradient from the places at most 2 · reach before it, as far as there are places.
      let all = grid.stacked(pass.objectives)
      let windows = MapWindows(
        AffineView(gradient), outputGrid(all), places: all, stride: MapStride(),
        taps: (0..<kernel).map { MapWindows.Tap(line: 0, frame: $0 * dilation - 2 * reach) })
      windows.writeProducts(with: LeftFactor(turnedWeights(pass).view), adding: adding, precision: pass.precision) {
        inputGradient.columns($0.columns)
      }
    case .shiftedRows where padding == .reflection:
      shiftedRows(grid).writeAdjoints(
        gradient, with: pass.matrix(weight), to: inputGradient, adding: adding, precision: pass.precision)
    case .shiftedRows:
      // The adjoint of a convolution with zeros beyond the ends is the convolution with the reversed kernel.
      shiftedRows(grid).writeProducts(
        AffineView(gradient), with: LeftFactor(turnedWeights(pass).view), to: inputGradient, adding: adding,
        precision: pass.precision)
    }
  }

  /// The weights of the adjoint, inputs × (outputs · kernel), with [c, o·k + j] = w[o, c, k − 1 − j].
  private func turnedWeights(_ pass: BackwardPass) -> Matrix {
    let source = pass.vector(weight)
    let turned = Matrix(rows: inputs, columns: outputs * kernel)
    for output in 0..<outputs {
      for input in 0..<inputs {
        for tap in 0..<kernel {
          turned[input, output * kernel + tap] = source[(output * inputs + input) * kernel + kernel - 1 - tap]
        }
      }
    }
    return turned
  }
}

extension Convolution1D: GraphLayer {
  package func describe(_ input: EncoderGraph.Value, in graph: inout EncoderGraph) -> EncoderGraph.Value {
    let operands = [graph.trained(weight), graph.trained(bias)]
    if kernel == 1 { return graph.add("Conv", [input] + operands) }
    var input = input
    if padding == .reflection {
      let pads = graph.integers(0, 0, reach, 0, 0, reach)
      input = graph.add("Pad", input, pads, attributes: ["mode": .text("reflect")])
    }
    let pads = padding == .zeros ? reach : 0
    return graph.add(
      "Conv", [input] + operands, attributes: ["dilations": .numbers([dilation]), "pads": .numbers([pads, pads])])
  }
}
