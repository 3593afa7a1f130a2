import DistTrain
import Foundation
import Testing

/// What a graph computes, in double precision and by the words of ONNX's list of operators, for graphs of encoders.
struct GraphRun {
  /// A node with what it reads.
  struct Call {
    let inputs: [GraphTensor]
    let attributes: [String: ONNXGraph.Attribute]

    func numbers(_ name: String, _ standard: [Int] = []) -> [Int] {
      switch attributes[name] {
      case .numbers(let numbers): numbers
      case .number(let number): [number]
      default: standard
      }
    }

    func number(_ name: String, _ standard: Int = 0) -> Int { numbers(name, [standard])[0] }

    func real(_ name: String) -> Double {
      if case .real(let value) = attributes[name] { return Double(value) }
      return 0
    }

    func unary(_ body: (Double) -> Double) -> [GraphTensor] { [inputs[0].mapped(body)] }
    func binary(_ body: (Double, Double) -> Double) -> [GraphTensor] { [inputs[0].combined(inputs[1], body)] }
  }

  /// The values of a graph's outputs by their names.
  /// - Parameter inputs: the values of its inputs by theirs.
  static func outputs(of graph: ONNXGraph, _ inputs: [String: GraphTensor]) throws -> [String: GraphTensor] {
    var values = inputs
    for constant in graph.constants { values[constant.name] = GraphTensor(constant) }
    for node in graph.nodes {
      let operation = try #require(operations[node.operation], "\(node.operation)")
      let call = Call(
        inputs: try node.inputs.map { try #require(values[$0.name], "\($0.name)") },
        attributes: Dictionary(uniqueKeysWithValues: node.attributes.map { ($0.name, $0.value) }))
      for (output, value) in zip(node.outputs, operation(call)) { values[output.name] = value }
    }
    return try Dictionary(
      uniqueKeysWithValues: graph.outputs.map { ($0.value.name, try #require(values[$0.value.name])) })
  }

  private typealias Operation = @Sendable (Call) -> [GraphTensor]

  private static let operations: [String: Operation] = elementwise.merging(shaping) { $1 }.merging(sums) { $1 }

  private static let elementwise: [String: Operation] = [
    "Add": { $0.binary(+) },
    "Sub": { $0.binary(-) },
    "Mul": { $0.binary(*) },
    "Div": { call in call.binary { call.inputs[0].isWhole ? ($0 / $1).rounded(.towardZero) : $0 / $1 } },
    "Max": { $0.binary(max) },
    "Min": { $0.binary(min) },
    "Identity": { $0.inputs },
    "Cast": { [GraphTensor($0.inputs[0].shape, $0.inputs[0].values)] },
    "Relu": { $0.unary { max($0, 0) } },
    "Sigmoid": { $0.unary { 1 / (1 + exp(-$0)) } },
    "Tanh": { $0.unary(tanh) },
    "Sqrt": { $0.unary(sqrt) },
    "Exp": { $0.unary(exp) },
    "Log": { $0.unary(log) },
    "Neg": { $0.unary { -$0 } },
    "Erf": { $0.unary(erf) },
    "Softplus": { $0.unary { log1p(exp(-abs($0))) + max($0, 0) } },
    "Clip": { call in call.unary { min(max($0, call.inputs[1].values[0]), call.inputs[2].values[0]) } },
  ]

  private static let shaping: [String: Operation] = [
    "Shape": { call in
      let shape = call.inputs[0].shape
      let extents = shape[call.inputs[0].axis(call.number("start"))...].map { Double($0) }
      return [GraphTensor([extents.count], extents, isWhole: true)]
    },
    "Range": { call in
      let (start, end, step) = (call.inputs[0].values[0], call.inputs[1].values[0], call.inputs[2].values[0])
      let values = Array(stride(from: start, to: end, by: step))
      return [GraphTensor([values.count], values, isWhole: true)]
    },
    "Transpose": { [$0.inputs[0].transposed($0.numbers("perm"))] },
    "Reshape": { [$0.inputs[0].reshaped($0.inputs[1].numbers)] },
    "Expand": { call in
      let shape = GraphTensor.common([call.inputs[0].shape, call.inputs[1].numbers])
      return [call.inputs[0].stretched(to: shape)]
    },
    "Flatten": { [$0.inputs[0].reshaped([0, $0.inputs[0].shape.dropFirst().reduce(1, *)])] },
    "Squeeze": { call in
      let (input, axes) = (call.inputs[0], call.inputs.count > 1 ? call.inputs[1].numbers : [])
      let gone = axes.isEmpty ? input.shape.indices.filter { input.shape[$0] == 1 } : axes.map(input.axis)
      return [
        GraphTensor(
          input.shape.indices.filter { !gone.contains($0) }.map { input.shape[$0] }, input.values,
          isWhole: input.isWhole)
      ]
    },
    "Unsqueeze": { call in
      var shape = call.inputs[0].shape
      shape.insert(1, at: call.inputs[1].numbers[0])
      return [GraphTensor(shape, call.inputs[0].values, isWhole: call.inputs[0].isWhole)]
    },
    "Concat": { [joined($0.inputs, axis: $0.number("axis"))] },
    "Split": { call in
      let axis = call.number("axis")
      var start = 0
      return call.inputs[1].numbers.map { count in
        defer { start += count }
        return call.inputs[0].part(of: axis, from: start, count: count)
      }
    },
    "Slice": { call in
      let (input, bounds) = (call.inputs[0], call.inputs[1...].map { $0.numbers[0] })
      return [input.slice(of: bounds[2], from: bounds[0], to: bounds[1], by: bounds.count > 3 ? bounds[3] : 1)]
    },
    "Gather": { call in
      let (input, indices, axis) = (call.inputs[0], call.inputs[1].numbers, call.number("axis"))
      return [joined(indices.map { input.part(of: axis, from: $0, count: 1) }, axis: axis)]
    },
    "Pad": { [padded($0)] },
  ]

  private static let sums: [String: Operation] = [
    "ReduceSum": { call in
      [call.inputs[0].reduced(call.inputs[1].numbers, keeping: call.number("keepdims", 1) == 1) { $0.reduce(0, +) }]
    },
    "ReduceMean": { [$0.inputs[0].reduced($0.numbers("axes")) { $0.reduce(0, +) / Double($0.count) }] },
    "ReduceMax": { [$0.inputs[0].reduced($0.numbers("axes")) { $0.max() ?? 0 }] },
    "ReduceProd": { [$0.inputs[0].reduced(Array($0.inputs[0].shape.indices)) { $0.reduce(1, *) }] },
    "Softmax": { call in
      let axis = [call.number("axis")]
      let powers = call.inputs[0].combined(call.inputs[0].reduced(axis) { $0.max() ?? 0 }) { exp($0 - $1) }
      return [powers.combined(powers.reduced(axis) { $0.reduce(0, +) }, /)]
    },
    "BatchNormalization": { call in
      let input = call.inputs[0]
      let shape = [input.shape[1]] + [Int](repeating: 1, count: input.shape.count - 2)
      let (scale, shift, mean, variance) = (1, 2, 3, 4)
      let rows = call.inputs.map { $0.shape.count == 1 ? $0.reshaped(shape) : $0 }
      let deviations = rows[variance].mapped { sqrt($0 + call.real("epsilon")) }
      let standardised = input.combined(rows[mean], -).combined(deviations, /)
      return [standardised.combined(rows[scale], *).combined(rows[shift], +)]
    },
    "LayerNormalization": { call in
      func mean(_ tensor: GraphTensor) -> GraphTensor { tensor.reduced([-1]) { $0.reduce(0, +) / Double($0.count) } }
      let distances = call.inputs[0].combined(mean(call.inputs[0]), -)
      let deviations = mean(distances.combined(distances, *)).mapped { sqrt($0 + call.real("epsilon")) }
      return [distances.combined(deviations, /).combined(call.inputs[1], *).combined(call.inputs[2], +)]
    },
    "MatMul": { [product($0.inputs[0], $0.inputs[1])] },
    "Gemm": { call in
      let product = product(call.inputs[0], call.inputs[1].transposed([1, 0]))
      return [call.inputs.count > 2 ? product.combined(call.inputs[2], +) : product]
    },
    "Conv": { [GraphConvolution($0).output] },
  ]

  private static func joined(_ parts: [GraphTensor], axis: Int) -> GraphTensor {
    let order = [axis] + parts[0].shape.indices.filter { $0 != axis }
    let turned = parts.map { $0.transposed(order) }
    let shape = [turned.reduce(0) { $0 + $1.shape[0] }] + turned[0].shape.dropFirst()
    let whole = GraphTensor(shape, turned.flatMap(\.values), isWhole: parts[0].isWhole)
    return whole.transposed(order.indices.map { order.firstIndex(of: $0) ?? 0 })
  }

  private static func padded(_ call: Call) -> GraphTensor {
    let (input, pads) = (call.inputs[0], call.inputs[1].numbers)
    let isMirrored = call.attributes["mode"] == .text("reflect")
    let (count, strides) = (input.shape.count, input.strides)
    return input.gathered(
      (0..<count).map { axis in
        let extent = input.shape[axis]
        return (0..<extent + pads[axis] + pads[count + axis]).map { index in
          var own = index - pads[axis]
          if isMirrored { own = own < 0 ? -own : own < extent ? own : 2 * extent - 2 - own }
          return own >= 0 && own < extent ? own * strides[axis] : nil
        }
      })
  }

  /// The products of the matrices of the last two axes.
  private static func product(_ left: GraphTensor, _ right: GraphTensor) -> GraphTensor {
    let (rows, inner, columns) = (left.shape[left.shape.count - 2], left.shape.last ?? 1, right.shape.last ?? 1)
    let outer = GraphTensor.common([left.shape.dropLast(2), right.shape.dropLast(2)].map { Array($0) })
    let (a, b) = (left.stretched(to: outer + [rows, inner]), right.stretched(to: outer + [inner, columns]))
    var result = GraphTensor(
      outer + [rows, columns], [Double](repeating: 0, count: outer.reduce(1, *) * rows * columns))
    for element in result.values.indices {
      let (row, column) = element.quotientAndRemainder(dividingBy: columns)
      let first = row / rows * inner * columns + column
      result.values[element] = (0..<inner).reduce(0) {
        $0 + a.values[row * inner + $1] * b.values[first + $1 * columns]
      }
    }
    return result
  }
}

/// ONNX's `Conv` over one or two axes.
private struct GraphConvolution {
  private let input: GraphTensor
  private let weight: GraphTensor
  private let bias: GraphTensor?
  private let steps: [Int]
  private let dilations: [Int]
  private let pads: [Int]
  private let groups: Int
  private let isFlat: Bool

  init(_ call: GraphRun.Call) {
    // One axis is two, the first of which has extent 1.
    let isFlat = call.inputs[0].shape.count == 3
    func mapped(_ tensor: GraphTensor) -> GraphTensor {
      isFlat ? tensor.reshaped(tensor.shape[..<2] + [1] + tensor.shape[2...]) : tensor
    }
    func pair(_ name: String, _ standard: Int) -> [Int] {
      let numbers = call.numbers(name, isFlat ? [standard] : [standard, standard])
      return isFlat ? [standard] + numbers : numbers
    }
    (input, weight, bias) = (mapped(call.inputs[0]), mapped(call.inputs[1]), call.inputs.dropFirst(2).first)
    (steps, dilations, groups) = (pair("strides", 1), pair("dilations", 1), call.number("group", 1))
    let sides = call.numbers("pads", [Int](repeating: 0, count: isFlat ? 2 : 4))
    pads = isFlat ? [0, sides[0], 0, sides[1]] : sides
    self.isFlat = isFlat
  }

  var output: GraphTensor {
    let places = (0..<2).map { axis in
      let reach = (weight.shape[axis + 2] - 1) * dilations[axis] + 1
      return (input.shape[axis + 2] + pads[axis] + pads[axis + 2] - reach) / steps[axis] + 1
    }
    let shape = [input.shape[0], weight.shape[0]] + places
    var values: [Double] = []
    for utterance in 0..<shape[0] {
      for channel in 0..<shape[1] {
        for line in 0..<shape[2] {
          for frame in 0..<shape[3] { values.append(sum(utterance, channel, line, frame)) }
        }
      }
    }
    return GraphTensor(isFlat ? [shape[0], shape[1], shape[3]] : shape, values)
  }

  private func sum(_ utterance: Int, _ channel: Int, _ line: Int, _ frame: Int) -> Double {
    let (inputs, height, frames) = (weight.shape[1], input.shape[2], input.shape[3])
    let first = channel / (weight.shape[0] / groups) * inputs
    var sum = bias?.values[channel] ?? 0
    for own in 0..<inputs {
      for i in 0..<weight.shape[2] {
        let h = line * steps[0] + i * dilations[0] - pads[0]
        guard h >= 0, h < height else { continue }
        for j in 0..<weight.shape[3] {
          let t = frame * steps[1] + j * dilations[1] - pads[1]
          guard t >= 0, t < frames else { continue }
          let tap = ((channel * inputs + own) * weight.shape[2] + i) * weight.shape[3] + j
          sum +=
            weight.values[tap] * input.values[((utterance * input.shape[1] + first + own) * height + h) * frames + t]
        }
      }
    }
    return sum
  }
}
