/// What poolings and gates take over the frames of a graph's values.
extension EncoderGraph {
  /// The sum over the last axis, which stays with extent 1.
  mutating func frameSum(_ value: Value) -> Value { add("ReduceSum", value, integers(-1)) }

  /// The mean over the last axis, which stays with extent 1.
  mutating func frameMean(_ value: Value) -> Value {
    add("ReduceMean", value, attributes: ["axes": [-1]])
  }

  /// The number of elements of the last axes, as a whole number in one dimension.
  mutating func elementCount(_ value: Value, axes: Int = 1) -> Value {
    let extents = add("Shape", value, attributes: ["start": .number(-axes)])
    return axes == 1 ? extents : add("ReduceProd", extents)
  }

  /// The whole numbers from 0 on, as many as a number in one dimension says.
  mutating func range(to count: Value) -> Value {
    let (first, step) = (add("Squeeze", integers(0)), add("Squeeze", integers(1)))
    return add("Range", first, add("Squeeze", count), step)
  }

  /// One less than a number of elements, but at least one, as a float.
  mutating func degreesOfFreedom(_ count: Value) -> Value {
    let fewer = add("Max", add("Sub", count, integers(1)), integers(1))
    return add("Cast", fewer, attributes: ["to": 1])
  }

  /// A value with no number less than a bound.
  mutating func atLeast(_ floor: Float, _ value: Value) -> Value { add("Max", value, number(floor)) }

  /// The means over frames and the deviations √(v + floor) by the unbiased variance v, the last axis of extent 1. The
  /// variance of a single frame is 0.
  mutating func frameStatistics(_ value: Value, floor: Float) -> (means: Value, deviations: Value) {
    let means = frameMean(value)
    let distances = add("Sub", value, means)
    let squares = frameSum(add("Mul", distances, distances))
    let variances = add("Div", squares, degreesOfFreedom(elementCount(value)))
    return (means, add("Sqrt", add("Add", variances, number(floor))))
  }

  /// The softmax of energies over the frames.
  mutating func frameWeights(_ energies: Value) -> Value { add("Softmax", energies, attributes: ["axis": -1]) }

  /// Weighted means and the deviations √max(Σαx² − m², floor), the last axis of extent 1.
  mutating func weightedStatistics(_ value: Value, energies: Value, floor: Float) -> (means: Value, deviations: Value) {
    let weights = frameWeights(energies)
    let weighted = add("Mul", weights, value)
    let means = frameSum(weighted)
    let squares = frameSum(add("Mul", weighted, value))
    let variances = add("Sub", squares, add("Mul", means, means))
    return (means, add("Sqrt", atLeast(floor, variances)))
  }

  /// All channels of some pooled values, one below the other, as [utterances, rows]. Maps are flattened channel by
  /// channel, as wespeaker flattens them.
  mutating func pooled(_ values: Value...) -> Value {
    let rows = values.map { add("Flatten", $0, attributes: ["axis": 1]) }
    return rows.count == 1 ? rows[0] : add("Concat", rows, attributes: ["axis": 1])
  }

  /// x·P(X < x) for a normal X.
  mutating func gelu(_ value: Value) -> Value {
    let halves = add("Add", add("Erf", add("Div", value, number(Float(2).squareRoot()))), number(1))
    return add("Mul", add("Mul", value, halves), number(0.5))
  }

  /// The form of GELU by tanh.
  mutating func tanhGELU(_ value: Value) -> Value {
    let cube = add("Mul", add("Mul", value, value), value)
    let sum = add("Add", value, add("Mul", cube, number(0.044715)))
    let halves = add("Add", add("Tanh", add("Mul", sum, number((2 / Float.pi).squareRoot()))), number(1))
    return add("Mul", add("Mul", value, halves), number(0.5))
  }
}
