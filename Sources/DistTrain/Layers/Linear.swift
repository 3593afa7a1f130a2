internal import CKernels

/// y = W·x + b for columns of x.
package struct Linear: Sendable {
  package let inputs: Int
  package let outputs: Int
  let weight: Parameter
  let bias: Parameter
  private let perFrame: Bool

  /// - Parameters:
  ///   - name: the scope of `weight` [outputs, inputs] and `bias` [outputs].
  ///   - kernel: whether the weight is stored as a convolution of one frame, [outputs, inputs, 1].
  ///   - perFrame: whether columns are frames, whose products are in the pass's precision; those of utterances are few,
  ///     and in single precision always.
  package init(
    _ name: String, inputs: Int, outputs: Int, kernel: Bool = false, perFrame: Bool = false,
    layout: inout EncoderLayout
  ) {
    self.perFrame = perFrame
    self.inputs = inputs
    self.outputs = outputs
    let bound = 1 / Float(inputs).squareRoot()
    weight = layout.parameters.add(
      "\(name).weight", shape: kernel ? [outputs, inputs, 1] : [outputs, inputs],
      initialisation: .uniform(bound: bound), decays: true)
    bias = layout.parameters.add(
      "\(name).bias", shape: [outputs], initialisation: .uniform(bound: bound), decays: false)
  }

  /// inputs × columns → outputs × columns.
  package func forward(_ input: MatrixView, _ pass: ForwardPass) -> Matrix {
    let output = Matrix(rows: outputs, columns: input.columns)
    multiply(pass.matrix(weight), input, into: output.view, precision: perFrame ? pass.precision : .single)
    let biases = pass.vector(bias)
    inParallel(outputs) { ck_add_scalar(output.row($0), output.columns, biases[$0]) }
    return output
  }

  /// outputs × (objectives · columns) → inputs × (objectives · columns).
  package func backward(_ gradient: MatrixView, input: MatrixView, _ pass: BackwardPass) -> Matrix {
    let columns = input.columns
    for objective in 0..<pass.objectives {
      let own = gradient.columns(objective * columns..<(objective + 1) * columns)
      addUnitProducts(
        own, transposed: input, units: pass.units, to: pass.gradients(weight, objective: objective),
        precision: perFrame ? pass.precision : .single)
    }
    let sums = UnitSums(rows: outputs, columns: columns, pass) { objective, row, unit in
      ck_sum(gradient.row(row) + objective * columns + unit.lowerBound, unit.count)
    }
    for objective in 0..<pass.objectives {
      pass.add(bias, objective: objective) { Float(sums[objective, $0, $1]) }
    }
    let inputGradient = Matrix(rows: inputs, columns: gradient.columns)
    multiply(
      transposed: pass.matrix(weight), gradient, into: inputGradient.view,
      precision: perFrame ? pass.precision : .single)
    return inputGradient
  }
}
