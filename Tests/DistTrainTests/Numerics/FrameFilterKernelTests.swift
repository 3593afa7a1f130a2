import CKernels
import DistTrain
import Testing

/// The transforms of minimal filtering over frames against products with their matrices in double precision (Lavin and
/// Gray 2016, section 4, at the points 0, ±3/4 and ±3/2), on lines of less than a tile, of groups of tiles that reach
/// beyond the end, and of more than eight tiles beside each other.
@Suite struct FrameFilterKernelTests {
  struct Line: Sendable {
    let outputs: Int
    let dilation: Int
    /// The zeros before and behind the input's frames.
    let zeros: Int

    var frames: Int { outputs + 2 * dilation - 2 * zeros }

    /// The first frame of each tile's output.
    var tiles: [Int] {
      stride(from: 0, to: outputs, by: 4 * dilation).flatMap { Array($0..<min($0 + dilation, outputs)) }
    }

    /// The tiles in runs of at most three groups, over the output's frames.
    var runs: [ck_frame_tiles] {
      stride(from: 0, to: outputs, by: 12 * dilation).map { first in
        ck_frame_tiles(column: first, before: 0, frames: outputs - first, count: count(from: first))
      }
    }

    /// The same runs over the input's frames.
    var inputRuns: [ck_frame_tiles] {
      stride(from: 0, to: outputs, by: 12 * dilation).map { first in
        let column = max(first - zeros, 0)
        return ck_frame_tiles(
          column: column, before: max(zeros - first, 0), frames: frames - column, count: count(from: first))
      }
    }

    private func count(from first: Int) -> Int {
      tiles.filter { (first..<first + 12 * dilation).contains($0) }.count
    }

    var room: [Float] { [Float](repeating: .nan, count: 8 * (tiles.count + 2 * dilation + 4)) }

    /// Every dilation-th number from a frame on, where 0 lies beyond the ends.
    func frames(_ values: [Double], from first: Int, count: Int) -> [Double] {
      (0..<count).map {
        let frame = first + $0 * dilation
        return values.indices.contains(frame) ? values[frame] : 0
      }
    }
  }

  static let lines = [
    (1, 1, 0), (4, 1, 2), (5, 1, 0), (33, 1, 2), (45, 1, 1), (1, 3, 0), (7, 2, 0), (8, 2, 4), (31, 3, 6), (100, 3, 0),
    (40, 5, 10),
  ].map { Line(outputs: $0.0, dilation: $0.1, zeros: $0.2) }
  /// The elements from a tile's number to its next.
  static let step = 80
  static let input: [[Double]] = [
    [81 / 64, 0, -45 / 16, 0, 1, 0], [0, -27 / 16, -9 / 4, 3 / 4, 1, 0], [0, 27 / 16, -9 / 4, -3 / 4, 1, 0],
    [0, -27 / 32, -9 / 16, 3 / 2, 1, 0], [0, 27 / 32, -9 / 16, -3 / 2, 1, 0], [0, 81 / 64, 0, -45 / 16, 0, 1],
  ]
  static let output: [[Double]] = [
    [1, 1, 1, 1, 1, 0], [0, 3 / 4, -3 / 4, 3 / 2, -3 / 2, 0], [0, 9 / 16, 9 / 16, 9 / 4, 9 / 4, 0],
    [0, 27 / 64, -27 / 64, 27 / 8, -27 / 8, 1],
  ]
  static let weights: [[Double]] = [
    [64 / 81, 0, 0], [-128 / 243, -96 / 243, -72 / 243], [-128 / 243, 96 / 243, -72 / 243],
    [32 / 243, 48 / 243, 72 / 243], [32 / 243, -48 / 243, 72 / 243], [0, 0, 1],
  ]

  private static func numbers(_ count: Int, item: Int) -> Matrix {
    var stream = RandomStream(seed: 10, purpose: .test, item: item)
    return Matrix(rows: 1, columns: count, (0..<count).map { _ in Float(stream.normal()) })
  }

  private static func product(_ matrix: [[Double]], _ vector: [Double]) -> [Double] {
    matrix.map { row in zip(row, vector).reduce(0) { $0 + $1.0 * $1.1 } }
  }

  private static func transposed(_ matrix: [[Double]]) -> [[Double]] {
    matrix[0].indices.map { column in matrix.map { $0[column] } }
  }

  /// The six numbers of a tile.
  private static func numbers(of tile: Int, in matrices: [Float]) -> [Double] {
    (0..<6).map { Double(matrices[$0 * step + tile]) }
  }

  private func expectClose(_ values: [Double], _ expected: [Double]) {
    let size = expected.reduce(1) { max($0, abs($1)) }
    #expect(values.count == expected.count && zip(values, expected).allSatisfy { abs($0 - $1) < 1e-6 * size })
  }

  /// The transformed tiles of 0.5 · x, or of 0.5 · x − 2 · z + 0.25 and what a ReLU makes of them.
  private static func transformed(_ line: Line, _ x: Matrix, _ z: Matrix?, rectified: Bool) -> [Float] {
    var room = line.room
    var result = [Float](repeating: .nan, count: 6 * step)
    var channel = ck_channel(
      x: x.pointer, z: z.map { UnsafePointer($0.pointer) }, a: 0.5, b: -2, c: 0.25, rectified: rectified ? 1 : 0)
    let runs = line.inputRuns
    withExtendedLifetime((x, z)) {
      ck_frame_filter_input(&channel, runs, runs.count, line.dilation, &room, &result, step)
    }
    return result
  }

  @Test(arguments: lines) func `a tile of the input is Bᵀ·d, scaled, shifted and rectified as it is read`(line: Line) {
    let (x, z) = (Self.numbers(line.frames, item: 1), Self.numbers(line.frames, item: 2))
    for (addend, rectified) in [(nil, false), (nil, true), (z, false), (z, true)] as [(Matrix?, Bool)] {
      let own = Self.transformed(line, x, addend, rectified: rectified)
      let values = (0..<line.frames).map { index in
        let value = 0.5 * Double(x[0, index]) - 2 * (addend.map { Double($0[0, index]) } ?? 0) + 0.25
        return rectified ? max(value, 0) : value
      }
      for (index, tile) in line.tiles.enumerated() {
        let read = line.frames(values, from: tile - line.zeros, count: 6)
        expectClose(Self.numbers(of: index, in: own), Self.product(Self.input, read))
      }
    }
  }

  @Test(arguments: lines) func `outputs are Aᵀ·m, written or added, and their gradient goes back by A`(line: Line) {
    let products = Self.numbers(6 * Self.step, item: 3)
    let runs = line.runs
    var room = line.room
    // A number stands behind the line.
    var written = [Float](repeating: .nan, count: line.outputs + 1)
    var added = [Float](repeating: 1, count: line.outputs + 1)
    withExtendedLifetime(products) {
      ck_frame_filter_output(products.pointer, Self.step, runs, runs.count, line.dilation, 0, &room, &written)
      ck_frame_filter_output(products.pointer, Self.step, runs, runs.count, line.dilation, 1, &room, &added)
    }
    #expect(written.removeLast().isNaN)
    #expect(added == written.map { 1 + $0 } + [1])
    let own = products.values
    var back = [Float](repeating: .nan, count: 6 * Self.step)
    ck_frame_filter_gradient(written, runs, runs.count, line.dilation, &room, &back, Self.step)
    let outputs = written.map { Double($0) }
    for (index, tile) in line.tiles.enumerated() {
      let expected = Self.product(Self.output, Self.numbers(of: index, in: own))
      let frames = line.frames(outputs, from: tile, count: 4)
      let there = (0..<4).filter { tile + $0 * line.dilation < line.outputs }.count
      expectClose(Array(frames[..<there]), Array(expected[..<there]))
      expectClose(Self.numbers(of: index, in: back), Self.product(Self.transposed(Self.output), frames))
    }
  }

  @Test(arguments: [1, 7, 8, 9, 30])
  func `kernels are G·w, as they are or turned, and their gradient goes back by Gᵀ, written or added`(count: Int) {
    // A number stands between two kernels.
    let weights = Self.numbers(4 * count, item: 4).values
    let slopes = Self.numbers(6 * Self.step, item: 5).values
    for turned in [false, true] {
      var own = [Float](repeating: .nan, count: 6 * Self.step)
      ck_frame_filter_weights(weights, 4, count, turned ? 1 : 0, &own, Self.step)
      for index in 0..<count {
        let kernel = (0..<3).map { Double(weights[4 * index + (turned ? 2 - $0 : $0)]) }
        expectClose(Self.numbers(of: index, in: own), Self.product(Self.weights, kernel))
        #expect(index + 1 < count || own[index + 1].isNaN)
      }
    }
    var back = [Float](repeating: .nan, count: 3 * count + 1)
    ck_frame_filter_weight_gradient(slopes, Self.step, count, 0, &back)
    var added = [Float](repeating: 1, count: 3 * count + 1)
    ck_frame_filter_weight_gradient(slopes, Self.step, count, 1, &added)
    #expect(back.removeLast().isNaN)
    #expect(added == back.map { 1 + $0 } + [1])
    for index in 0..<count {
      let expected = Self.product(Self.transposed(Self.weights), Self.numbers(of: index, in: slopes))
      expectClose(back[3 * index..<3 * index + 3].map { Double($0) }, expected)
    }
  }

  /// Sevenths, so that every sum rounds.
  private static func sevenths(_ count: Int, item: Int) -> Matrix {
    Matrix(rows: 1, columns: count, (0..<count).map { Float(($0 * 37 + item * 11) % 101 - 50) / 7 })
  }

  /// Whatever family of kernels runs: another value is another arithmetic, from which runs that go on would part.
  @Test func `the transforms have the bits that they always had`() {
    let line = Line(outputs: 31, dilation: 3, zeros: 6)
    let (x, z, m) = (Self.sevenths(31, item: 1), Self.sevenths(31, item: 2), Self.sevenths(6 * Self.step, item: 3))
    let input = Self.transformed(line, x, z, rectified: true)
    let runs = line.runs
    var room = line.room
    var output = [Float](repeating: 0, count: 31)
    ck_frame_filter_output(m.values, Self.step, runs, runs.count, line.dilation, 0, &room, &output)
    var gradient = [Float](repeating: .nan, count: 6 * Self.step)
    ck_frame_filter_gradient(x.values, runs, runs.count, line.dilation, &room, &gradient, Self.step)
    var weights = [Float](repeating: .nan, count: 6 * Self.step)
    ck_frame_filter_weights(m.values, 3, 51, 1, &weights, Self.step)
    var slopes = [Float](repeating: .nan, count: 3 * 51)
    ck_frame_filter_weight_gradient(m.values, Self.step, 51, 0, &slopes)
    let numbers = [input, gradient, weights].flatMap { matrices in
      line.tiles.indices.flatMap { tile in (0..<6).map { matrices[$0 * Self.step + tile] } }
    }
    // FNV-1a (Fowler, Noll and Vo 1991), a float at a time.
    let hash = (numbers + output + slopes).reduce(into: UInt64(0xcbf2_9ce4_8422_2325)) {
      $0 = ($0 ^ UInt64($1.bitPattern)) &* 0x100_0000_01b3
    }
    #expect(hash == 0x7951_03b1_d9d7_ca80)
  }
}
