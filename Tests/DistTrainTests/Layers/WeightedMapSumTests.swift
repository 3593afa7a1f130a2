import DistTrain
import Foundation
import Testing

/// Weighted sums of maps of several shapes and numbers of frames.
@Suite struct WeightedMapSumTests {
  private static let rows = 6
  private static let utterances = 3
  /// The shapes of the maps, and how often the frames were halved to theirs.
  private static let maps = [
    (shape: MapRows(channels: 2, height: 3), halvings: 0), (shape: MapRows(channels: 6), halvings: 0),
    (shape: MapRows(channels: 6), halvings: 2), (shape: MapRows(channels: 3, height: 2), halvings: 1),
    (shape: MapRows(channels: 6), halvings: 2),
  ]

  private static func map(_ index: Int, frames: Int) -> Matrix {
    let (shape, halvings) = maps[index]
    return LayerProbe.normal(
      shape.channels, utterances * shape.height * (frames >> halvings), item: 100 + index)
  }

  private static func sources(frames: Int, replacing place: Int? = nil, by input: Matrix? = nil) -> [WeightedMapSum
    .Source]
  {
    maps.indices.map { index in
      let values = index == place ? input! : map(index, frames: frames)
      return WeightedMapSum.Source(values.view, maps[index].shape, halvings: maps[index].halvings)
    }
  }

  /// A sum with weights of each row of its own.
  private static func sum(_ layout: inout EncoderLayout) -> WeightedMapSum {
    WeightedMapSum("s.w", maps: maps.count, rows: rows, layout: &layout)
  }

  /// The values of the formula, element by element in double precision, rows × (utterances · frames).
  private static func expected(_ numbers: [Float], frames: Int) -> [Double] {
    let values = maps.indices.map { map($0, frames: frames) }
    return (0..<rows).flatMap { row -> [Double] in
      let exponentials = maps.indices.map { exp(Double(numbers[$0 * rows + row])) }
      let total = exponentials.reduce(0, +)
      return (0..<utterances * frames).map { column in
        let (utterance, frame) = column.quotientAndRemainder(dividingBy: frames)
        return maps.indices.reduce(0.0) { sum, index in
          let (shape, halvings) = maps[index]
          let line = (utterance * shape.height + row / shape.channels) * (frames >> halvings)
          let value = values[index][row % shape.channels, line + frame >> halvings]
          return sum + exponentials[index] / total * Double(value)
        }
      }
    }
  }

  /// Fewer frames than a piece, several pieces, and frames beyond the last whole vector.
  @Test(arguments: [4, 44, 4096, 9 * 1024 + 12], [MapRows(channels: 6), MapRows(channels: 2, height: 3)])
  func `a sum is that of its formula, in any shape`(frames: Int, shape: MapRows) {
    var layout = EncoderLayout()
    let sum = Self.sum(&layout)
    #expect(layout.parameters.parameters.map(\.name) == ["s.w"])
    #expect(layout.parameters.parameters.map(\.shape) == [[1, 5, 6, 1]])
    let numbers = LayerProbe.normal(1, layout.parameters.count, item: 110)
    let (output, _) = sum.forward(
      Self.sources(frames: frames), as: shape, utterances: Self.utterances, frames: frames,
      ForwardPass(mode: .training, parameters: numbers, statistics: Matrix(rows: 1, columns: 0)))
    let own = shape.rows(of: AffineView(output), frames: frames)
    let expected = Self.expected(numbers.values, frames: frames)
    #expect(zip(own.values, expected).allSatisfy { abs(Double($0) - $1) < 4e-6 })
  }

  /// The difference is taken of each of the maps in turn, the others being given.
  @Test(arguments: maps.indices, [false, true]) func `gradients of maps and weights equal central differences`(
    place: Int, adding: Bool
  ) {
    let frames = 8
    var layout = EncoderLayout()
    let sum = Self.sum(&layout)
    let shape = MapRows(channels: 3, height: 2)
    LayerProbe(layout, input: Self.map(place, frames: frames)) { input, pass in
      let sources = Self.sources(frames: frames, replacing: place, by: input)
      let (output, cache) = sum.forward(sources, as: shape, utterances: Self.utterances, frames: frames, pass)
      return (
        AffineView(output).stored(),
        { gradient, pass in
          let gradients = sources.map {
            let own = Matrix(rows: $0.values.rows, columns: pass.objectives * $0.values.columns)
            own.pointer.update(repeating: adding ? 3 : .nan, count: own.rows * own.columns)
            return own
          }
          sum.backward(gradient.view, cache: cache, into: gradients.map(\.view), adding: adding, pass)
          let result = gradients[place]
          if adding { for element in result.elements.indices { result.pointer[element] -= 3 } }
          return result
        }
      )
    }.check(.training, within: 1e-3, floor: 2e-4)
  }

  @Test func `the sum of one map is the map, and its weight has no gradient`() {
    var layout = EncoderLayout()
    let sum = WeightedMapSum("s.w", maps: 1, rows: 6, layout: &layout)
    let shape = MapRows(channels: 2, height: 3)
    let grid = shape.grid(utterances: 2, frames: 5)
    LayerProbe(layout, input: LayerProbe.normal(2, grid.columns, item: 120)) { input, pass in
      let source = WeightedMapSum.Source(input.view, shape)
      let (output, cache) = sum.forward([source], as: shape, utterances: 2, frames: 5, pass)
      return (
        AffineView(output).stored(),
        { gradient, pass in
          let result = Matrix.zeros(rows: 2, columns: gradient.columns)
          sum.backward(gradient.view, cache: cache, into: [result.view], adding: false, pass)
          #expect(result.values == gradient.values)
          return result
        }
      )
    }.check(.training, within: 1e-3)
  }

  @Test func `the gradient of one map is added to what others have given it`() {
    var layout = EncoderLayout()
    let sum = WeightedMapSum("s.w", maps: 1, rows: 2, layout: &layout)
    let shape = MapRows(channels: 2)
    let parameters = Matrix.zeros(rows: 1, columns: 2)
    let (map, gradient) = (LayerProbe.normal(2, 4, item: 121), LayerProbe.normal(2, 4, item: 122))
    let (_, cache) = sum.forward(
      [WeightedMapSum.Source(map.view, shape)], as: shape, utterances: 1, frames: 4,
      ForwardPass(mode: .training, parameters: parameters, statistics: Matrix(rows: 1, columns: 0)))
    let (result, buffer) = (Matrix(rows: 2, columns: 4), Matrix.zeros(rows: 1, columns: 2))
    result.pointer.update(repeating: 1, count: 8)
    sum.backward(
      gradient.view, cache: cache, into: [result.view], adding: true,
      BackwardPass(parameters: parameters, gradients: [buffer]).through(layout))
    #expect(result.values == gradient.values.map { $0 + 1 })
    #expect(buffer.values == [0, 0])
  }

  /// The number that is stored counts as nothing.
  @Test func `a single map may have one number beside it, a 1 that never changes`() {
    var layout = EncoderLayout()
    let sum = WeightedMapSum(ofOneMap: "s.0", rows: 6, layout: &layout)
    #expect(layout.parameters.parameters.map(\.name) == ["s.0"])
    #expect(layout.parameters.parameters.map(\.shape) == [[1, 1, 1, 1]])
    #expect(layout.parameters.parameters.map(\.decays) == [false])
    #expect(layout.parameters.parameters.map(\.initialisation) == [.constant(1)])
    let shape = MapRows(channels: 6)
    let (map, gradient) = (LayerProbe.normal(6, 10, item: 123), LayerProbe.normal(6, 10, item: 124))
    let parameters = Matrix(rows: 1, columns: 1, [0.5])
    let (output, cache) = sum.forward(
      [WeightedMapSum.Source(map.view, shape)], as: shape, utterances: 2, frames: 5,
      ForwardPass(mode: .training, parameters: parameters, statistics: Matrix(rows: 1, columns: 0)))
    #expect(AffineView(output).stored().values == map.values)
    let (result, buffer) = (Matrix(rows: 6, columns: 10), Matrix.zeros(rows: 1, columns: 1))
    sum.backward(
      gradient.view, cache: cache, into: [result.view], adding: false,
      BackwardPass(parameters: parameters, gradients: [buffer]).through(layout))
    #expect(result.values == gradient.values && buffer.values == [0])
  }
}
