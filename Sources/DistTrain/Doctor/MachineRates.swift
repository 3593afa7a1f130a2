internal import CKernels

/// The rates that the threads of a rank reach.
package struct MachineRates: Codable, Sendable {
  /// The rate of products in single precision, in GFLOP/s.
  package var product = 0.0
  /// The rate of products of factors in bf16, in GFLOP/s; nil where the CPU does not multiply them.
  package var bfloat16Product: Double?
  /// The rate of copying memory beyond the caches, in GB/s read and written.
  package var copy = 0.0
  /// The rate of scaling such memory in place, in GB/s read and written.
  package var scale = 0.0

  package init() {}

  /// Measures the rates of this rank, each for about so many seconds.
  package static func measure(seconds: Double) -> MachineRates {
    var rates = MachineRates()
    rates.product = product(.single, seconds: seconds)
    if Precision.bfloat16.isAvailable { rates.bfloat16Product = product(.bfloat16, seconds: seconds) }
    (rates.copy, rates.scale) = memory(seconds: seconds)
    return rates
  }

  /// The mean over the ranks.
  static func mean(_ all: [MachineRates]) -> MachineRates {
    var mean = MachineRates()
    let count = Double(all.count)
    mean.product = all.reduce(0) { $0 + $1.product } / count
    let bfloat16 = all.compactMap(\.bfloat16Product)
    if bfloat16.count == all.count { mean.bfloat16Product = bfloat16.reduce(0, +) / count }
    mean.copy = all.reduce(0) { $0 + $1.copy } / count
    mean.scale = all.reduce(0) { $0 + $1.scale } / count
    return mean
  }

  /// The rate of a convolution of 512 channels over 32 utterances of 2 s, in GFLOP/s.
  private static func product(_ precision: Precision, seconds: Double) -> Double {
    let channels = 512
    let frames = 6400
    let weights = filled(rows: channels, columns: channels)
    let input = filled(rows: channels, columns: frames)
    let output = Matrix(rows: channels, columns: frames)
    let time = Stopwatch.median(for: seconds) { multiply(weights, input, into: output, precision) }
    return 2 * Double(channels * channels * frames) / time / 1e9
  }

  private static func multiply(_ a: Matrix, _ b: Matrix, into c: Matrix, _ precision: Precision) {
    DistTrain.multiply(a.view, b.view, into: c.view, precision: precision)
  }

  /// The rates of passes over 64 MiB, more than a core's share of the last cache, in GB/s.
  private static func memory(seconds: Double) -> (copy: Double, scale: Double) {
    let source = filled(rows: 1, columns: 1 << 24)
    let target = filled(rows: 1, columns: source.count)
    let gigabytes = 2 * Double(source.count * MemoryLayout<Float>.stride) / 1e9
    let copy = Stopwatch.median(for: seconds) {
      inPieces(source.count) { piece in
        (target.pointer + piece.lowerBound).update(from: source.pointer + piece.lowerBound, count: piece.count)
      }
    }
    let scale = Stopwatch.median(for: seconds) {
      inPieces(source.count) { piece in
        let start = source.pointer + piece.lowerBound
        ck_affine(start, start, piece.count, 0.999, 0)
      }
    }
    return (gigabytes / copy, gigabytes / scale)
  }

  private static func filled(rows: Int, columns: Int) -> Matrix {
    let matrix = Matrix(rows: rows, columns: columns)
    matrix.pointer.update(repeating: 1, count: matrix.count)
    return matrix
  }
}
