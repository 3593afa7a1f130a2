import CKernels
import DistTrain
import Testing

/// The transforms of Winograd's minimal filtering against products with their matrices in double precision (Lavin and
/// Gray 2016, section 4.3), on maps of less than a tile, of tiles that reach beyond the ends, and of more than eight
/// tiles beside each other.
@Suite struct MinimalFilteringKernelTests {
  struct Map: Sendable {
    let height: Int
    let frames: Int

    /// The tiles' first lines and frames, cut into runs of at most nine.
    var runs: [ck_tiles] {
      stride(from: 0, to: height, by: 4).flatMap { line in
        stride(from: 0, to: frames, by: 36).map { frame in
          ck_tiles(
            column: line * frames + frame, count: min((frames - frame + 3) / 4, 9), lines_before: min(line, 1),
            frames_before: min(frame, 1), lines_after: min(height - line, 5), frames_after: frames - frame)
        }
      }
    }

    var tiles: [(line: Int, frame: Int)] {
      stride(from: 0, to: height, by: 4).flatMap { line in
        stride(from: 0, to: frames, by: 4).map { (line, $0) }
      }
    }

    /// The elements of a square, where 0 lies beyond the map's ends.
    func square(_ values: [Double], line: Int, frame: Int, size: Int) -> [[Double]] {
      (line..<line + size).map { line in
        (frame..<frame + size).map { frame in
          (0..<height).contains(line) && (0..<frames).contains(frame) ? values[line * frames + frame] : 0
        }
      }
    }
  }

  static let maps = [(1, 1), (4, 4), (3, 5), (2, 31), (4, 32), (6, 33), (9, 65), (5, 42), (7, 80)].map {
    Map(height: $0.0, frames: $0.1)
  }
  /// The elements from a tile's number to its next.
  static let step = 80
  /// The points at which polynomials are evaluated, besides infinity.
  static let points = [0, 0.75, -0.75, 1.5, -1.5]
  static let input: [[Double]] =
    points.map { point in polynomial(points.filter { $0 != point }) + [0] } + [polynomial(points)]
  static let output: [[Double]] = (0..<4).map { power in points.map { Self.power($0, power) } + [power == 3 ? 1 : 0] }
  static let weights: [[Double]] =
    points.map { point in
      let distances = points.filter { $0 != point }.reduce(1) { $0 * (point - $1) }
      return (0..<3).map { power(point, $0) / distances }
    } + [[0, 0, 1]]

  /// The coefficients of the polynomial of these roots, the constant first.
  private static func polynomial(_ roots: [Double]) -> [Double] {
    roots.reduce([1]) { coefficients, root in
      let (raised, scaled) = ([0] + coefficients, coefficients.map { -root * $0 } + [0])
      return zip(raised, scaled).map { $0 + $1 }
    }
  }

  private static func power(_ base: Double, _ exponent: Int) -> Double {
    (0..<exponent).reduce(1) { power, _ in power * base }
  }

  private static func numbers(_ count: Int, item: Int) -> Matrix {
    var stream = RandomStream(seed: 9, purpose: .test, item: item)
    return Matrix(rows: 1, columns: count, (0..<count).map { _ in Float(stream.normal()) })
  }

  /// left · middle · leftᵀ, row after row.
  private static func sandwich(_ left: [[Double]], _ middle: [[Double]]) -> [Double] {
    left.flatMap { row in
      left.map { column in
        var sum = 0.0
        for (i, a) in row.enumerated() {
          for (j, b) in column.enumerated() { sum += a * b * middle[i][j] }
        }
        return sum
      }
    }
  }

  private static func transposed(_ matrix: [[Double]]) -> [[Double]] {
    matrix[0].indices.map { column in matrix.map { $0[column] } }
  }

  /// The thirty-six numbers of a tile.
  private static func numbers(of tile: Int, in matrices: [Float]) -> [Double] {
    (0..<36).map { Double(matrices[$0 * step + tile]) }
  }

  private static func rows(_ values: [Double], _ count: Int) -> [[Double]] {
    stride(from: 0, to: values.count, by: count).map { Array(values[$0..<$0 + count]) }
  }

  private func expectClose(_ values: [Double], _ expected: [Double]) {
    let size = expected.reduce(1) { max($0, abs($1)) }
    #expect(values.count == expected.count && zip(values, expected).allSatisfy { abs($0 - $1) < 3e-6 * size })
  }

  /// The transformed tiles of 0.5 · x, or of 0.5 · x − 2 · z + 0.25 and what a ReLU makes of them.
  private static func transformed(_ map: Map, _ x: Matrix, _ z: Matrix?, rectified: Bool) -> [Float] {
    var lines = [Float](repeating: .nan, count: 6 * 72)
    var result = [Float](repeating: .nan, count: 36 * step)
    var channel = ck_channel(
      x: x.pointer, z: z.map { UnsafePointer($0.pointer) }, a: 0.5, b: -2, c: 0.25, rectified: rectified ? 1 : 0)
    let runs = map.runs
    var panels = ck_panels(width: step, step: 0)
    withExtendedLifetime((x, z)) {
      ck_winograd_input(&channel, runs, runs.count, map.frames, &lines, &result, &panels, step)
    }
    return result
  }

  /// Channels one after the other, in panels that end within the eight tiles that are transformed at a time.
  @Test(arguments: maps, [16, 32])
  func `tiles of panels have the bits that they have in a row`(map: Map, width: Int) {
    let channels = 3
    let panelStep = channels * width + 7
    let step = panelStep * ((map.tiles.count + width - 1) / width)
    var lines = [Float](repeating: .nan, count: 6 * 72)
    var result = [Float](repeating: .nan, count: 36 * step)
    var panels = ck_panels(width: width, step: panelStep)
    let rows = (0..<channels).map { Self.numbers(map.height * map.frames, item: 10 + $0) }
    let runs = map.runs
    for (row, x) in rows.enumerated() {
      var channel = ck_channel(x: x.pointer, z: nil, a: 0.5, b: 0, c: 0.25, rectified: 1)
      result.withUnsafeMutableBufferPointer { result in
        withExtendedLifetime(x) {
          ck_winograd_input(
            &channel, runs, runs.count, map.frames, &lines, result.baseAddress! + row * width, &panels, step)
        }
      }
    }
    for (row, x) in rows.enumerated() {
      let expected = Self.transformed(map, x, nil, rectified: true)
      for tile in map.tiles.indices {
        let (panel, column) = tile.quotientAndRemainder(dividingBy: width)
        let place = panel * panelStep + row * width + column
        let own = (0..<36).map { result[$0 * step + place] }
        #expect(own == (0..<36).map { expected[$0 * Self.step + tile] })
      }
    }
  }

  @Test(arguments: maps, [false, true]) func `what becomes of outputs is what is made of them later`(
    map: Map, rectified: Bool
  ) {
    let count = map.height * map.frames
    let (products, other) = (Self.numbers(36 * Self.step, item: 3), Self.numbers(count, item: 4))
    let runs = map.runs
    var written = [Float](repeating: .nan, count: count)
    ck_winograd_output(products.pointer, Self.step, runs, runs.count, map.frames, 0, nil, &written)
    for z in [nil, other] {
      var finish = ck_channel(
        x: nil, z: z.map { UnsafePointer($0.pointer) }, a: -0.75, b: 1.25, c: 0.1, rectified: rectified ? 1 : 0)
      var own = [Float](repeating: .nan, count: count)
      ck_winograd_output(products.pointer, Self.step, runs, runs.count, map.frames, 0, &finish, &own)
      var expected = [Float](repeating: .nan, count: count)
      if let z {
        (rectified ? ck_affine_sum_relu : ck_affine_sum)(written, z.pointer, &expected, count, -0.75, 1.25, 0.1)
      } else {
        (rectified ? ck_affine_relu : ck_affine)(written, &expected, count, -0.75, 0.1)
      }
      #expect(own == expected)
    }
    withExtendedLifetime((products, other)) {}
  }

  @Test(arguments: maps) func `a tile of the input is Bᵀ·d·B, scaled, shifted and rectified as it is read`(map: Map) {
    let count = map.height * map.frames
    let (x, z) = (Self.numbers(count, item: 1), Self.numbers(count, item: 2))
    for (addend, rectified) in [(nil, false), (nil, true), (z, false), (z, true)] as [(Matrix?, Bool)] {
      let own = Self.transformed(map, x, addend, rectified: rectified)
      let values = (0..<count).map { index in
        let value = 0.5 * Double(x[0, index]) - 2 * (addend.map { Double($0[0, index]) } ?? 0) + 0.25
        return rectified ? max(value, 0) : value
      }
      for (index, tile) in map.tiles.enumerated() {
        let square = map.square(values, line: tile.line - 1, frame: tile.frame - 1, size: 6)
        expectClose(Self.numbers(of: index, in: own), Self.sandwich(Self.input, square))
      }
    }
  }

  @Test(arguments: maps) func `outputs are Aᵀ·m·A, written or added, and their gradient goes back by A`(map: Map) {
    let count = map.height * map.frames
    let products = Self.numbers(36 * Self.step, item: 3)
    let runs = map.runs
    var (written, added) = ([Float](repeating: .nan, count: count), [Float](repeating: 1, count: count))
    ck_winograd_output(products.pointer, Self.step, runs, runs.count, map.frames, 0, nil, &written)
    ck_winograd_output(products.pointer, Self.step, runs, runs.count, map.frames, 1, nil, &added)
    #expect(added == written.map { 1 + $0 })
    let own = products.values
    var back = [Float](repeating: .nan, count: 36 * Self.step)
    ck_winograd_gradient(written, runs, runs.count, map.frames, &back, Self.step)
    let outputs = written.map { Double($0) }
    for (index, tile) in map.tiles.enumerated() {
      let expected = Self.rows(Self.sandwich(Self.output, Self.rows(Self.numbers(of: index, in: own), 6)), 4)
      let square = map.square(outputs, line: tile.line, frame: tile.frame, size: 4)
      for (line, row) in square.enumerated() where tile.line + line < map.height {
        let there = min(4, map.frames - tile.frame)
        expectClose(Array(row[..<there]), Array(expected[line][..<there]))
      }
      expectClose(Self.numbers(of: index, in: back), Self.sandwich(Self.transposed(Self.output), square))
    }
  }

  @Test(arguments: [1, 7, 8, 9, 30])
  func `kernels are G·w·Gᵀ, as they are or turned, and their gradient goes back by Gᵀ`(
    count: Int
  ) {
    // A number stands between two kernels.
    let weights = Self.numbers(10 * count, item: 4).values
    let slopes = Self.numbers(36 * Self.step, item: 5).values
    for turned in [false, true] {
      var own = [Float](repeating: .nan, count: 36 * Self.step)
      ck_winograd_weights(weights, 10, count, turned ? 1 : 0, &own, Self.step)
      for index in 0..<count {
        let kernel = (0..<9).map { Double(weights[10 * index + (turned ? 8 - $0 : $0)]) }
        expectClose(Self.numbers(of: index, in: own), Self.sandwich(Self.weights, Self.rows(kernel, 3)))
        #expect(index + 1 < count || own[index + 1].isNaN)
      }
    }
    var back = [Float](repeating: .nan, count: 9 * count)
    ck_winograd_weight_gradient(slopes, Self.step, count, &back)
    for index in 0..<count {
      let expected = Self.sandwich(Self.transposed(Self.weights), Self.rows(Self.numbers(of: index, in: slopes), 6))
      expectClose(back[9 * index..<9 * index + 9].map { Double($0) }, expected)
    }
  }

  /// Sevenths, so that every sum rounds.
  private static func sevenths(_ count: Int, item: Int) -> Matrix {
    Matrix(rows: 1, columns: count, (0..<count).map { Float(($0 * 37 + item * 11) % 101 - 50) / 7 })
  }

  /// Whatever family of kernels runs: another value is another arithmetic, from which runs that go on would part.
  @Test func `the transforms have the bits that they always had`() {
    let map = Map(height: 7, frames: 33)
    let (x, z, m) = (Self.sevenths(231, item: 1), Self.sevenths(231, item: 2), Self.sevenths(36 * Self.step, item: 3))
    let input = Self.transformed(map, x, z, rectified: true)
    let runs = map.runs
    var output = [Float](repeating: 0, count: 231)
    ck_winograd_output(m.pointer, Self.step, runs, runs.count, map.frames, 0, nil, &output)
    var gradient = [Float](repeating: .nan, count: 36 * Self.step)
    ck_winograd_gradient(x.values, runs, runs.count, map.frames, &gradient, Self.step)
    var weights = [Float](repeating: .nan, count: 36 * Self.step)
    ck_winograd_weights(m.values, 9, 51, 1, &weights, Self.step)
    var slopes = [Float](repeating: .nan, count: 9 * 51)
    ck_winograd_weight_gradient(m.values, Self.step, 51, &slopes)
    let numbers = [input, gradient, weights].flatMap { matrices in
      map.tiles.indices.flatMap { tile in (0..<36).map { matrices[$0 * Self.step + tile] } }
    }
    // FNV-1a (Fowler, Noll and Vo 1991), a float at a time.
    let hash = (numbers + output + slopes).reduce(into: UInt64(0xcbf2_9ce4_8422_2325)) {
      $0 = ($0 ^ UInt64($1.bitPattern)) &* 0x100_0000_01b3
    }
    #expect(hash == 0xdd73_f447_223b_8ed5)
  }
}
