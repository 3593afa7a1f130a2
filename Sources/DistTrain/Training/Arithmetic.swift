internal import CKernels
import Foundation

/// Checksums of the arithmetic that training uses, on numbers that are the same everywhere. They show whether machines
/// compute alike.
///
/// svdist's own kernels give the same bits on every CPU. The functions that it takes from elsewhere may not: another
/// version of the C library or of a resampler can round differently, and then ranks would drift apart unnoticed.
package struct Arithmetic: Codable, Sendable, Equatable {
  /// The checksums by the names of the parts that were computed with.
  package let checksums: [String: String]

  package init(checksums: [String: String]) {
    self.checksums = checksums
  }

  /// The checksums of this process.
  package static func here(_ precision: Precision) -> Arithmetic {
    var checksums = [
      "kernels": kernels, "kernels of maps": mapKernels, "kernels of single channels": channelKernels,
      "kernels of groups of channels": groupKernels, "kernels over time": timeKernels, "kernels of gates": gateKernels,
      "kernels of frames' filters": frameKernels,
      "the C library's functions": checksum(functions), "features": checksum(features),
      "the resampler": checksum(resampled),
    ]
    if precision == .bfloat16 { checksums["bf16 products"] = checksum(products(.bfloat16)) }
    return Arithmetic(checksums: checksums)
  }

  /// The names of the parts that differ from another machine's, as text; nil if none do. Parts that only one of the two
  /// knows, such as those that a later version of svdist computes with, are not compared.
  package func difference(from other: Arithmetic) -> String? {
    let names = checksums.filter { name, own in own != other.checksums[name] ?? own }.keys
    return names.isEmpty ? nil : names.sorted().joined(separator: ", ")
  }

  /// The checksum of svdist's own kernels, which is the same on every machine.
  package static var kernels: String { checksum(products(.single) + loops + transforms) }

  /// The checksum of the kernels that encoders with maps over height and time have besides, the same on every machine.
  package static var mapKernels: String { checksum(mapLoops + filtered) }

  /// The checksum of the kernels that encoders with convolutions of single channels have besides, the same on every
  /// machine.
  package static var channelKernels: String { checksum(separated) }

  /// The checksum of what encoders with convolutions of groups of channels have besides, the same on every machine.
  package static var groupKernels: String { checksum(grouped) }

  /// The checksum of the kernels that encoders with blocks over time have besides, the same on every machine.
  package static var timeKernels: String { checksum(timeLoops + normalizedColumns) }

  /// The checksum of the kernels of gates and of precisions, the same on every machine.
  package static var gateKernels: String { checksum(gateLoops) }

  /// The checksum of the kernels of minimal filtering over frames, the same on every machine.
  package static var frameKernels: String { checksum(filteredFrames) }

  private static func checksum<Value>(_ values: [Value]) -> String {
    values.withUnsafeBytes { SHA256.of($0) }.prefix(8).hexadecimal
  }

  /// Numbers drawn uniformly from ±1.
  private static func numbers(_ count: Int, item: Int) -> [Float] {
    var stream = RandomStream(seed: 1, purpose: .test, item: item)
    return (0..<count).map { _ in Float(stream.uniform(-1, 1)) }
  }

  /// A number and what its nearest 32-bit number leaves of it.
  private static func parts(_ number: Double) -> [Float] {
    let nearest = Float(number)
    return [nearest, Float(number - Double(nearest))]
  }

  private static func matrix(_ rows: Int, _ columns: Int, item: Int) -> Matrix {
    Matrix(rows: rows, columns: columns, numbers(rows * columns, item: item))
  }

  /// Products with edges of every tile, with sums longer than a block, and with factors stored in each way.
  private static func products(_ precision: Precision) -> [Float] {
    [(1, 1, 1), (5, 37, 300), (29, 70, 517), (3, 200, 64)].enumerated().flatMap { item, shape in
      let (rows, columns, inner) = shape
      let (a, b) = (matrix(rows, inner, item: 3 * item), matrix(inner, columns, item: 3 * item + 1))
      let c = Matrix(rows: rows, columns: columns)
      multiply(a.view, b.view, into: c.view, precision: precision)
      multiply(transposed: a.transposed.view, b.view, into: c.view, adding: true, precision: precision)
      multiply(a.view, transposed: b.transposed.view, into: c.view, adding: true, precision: precision)
      return c.values
    }
  }

  /// The numbers of elements of the rows that kernels are tried with, shorter and longer than their blocks.
  private static let counts = [1, 15, 200, 4500]

  private static var loops: [Float] {
    counts.flatMap { count -> [Float] in
      let (x, z) = (numbers(count, item: 101), numbers(count, item: 102))
      var (sum, weighted, mean, other) = (0.0, 0.0, Float(0), Float(0))
      ck_normalization_sums(x, z, count, 0.1, &sum, &weighted)
      var totals = [ck_sum(x, count), ck_squared_deviations(x, count, 0.1), ck_dot(x, z, count), sum, weighted]
      var rows = [Float]()
      func take(_ row: [Float], _ change: (UnsafeMutablePointer<Float>) -> Void) {
        var row = row
        row.withUnsafeMutableBufferPointer { change($0.baseAddress!) }
        rows += row
      }
      take(x) { totals.append(ck_add_scalar_relu($0, count, 0.1)) }
      take(x) { totals.append(ck_normalization_relu_backward($0, z, $0, count, 0.3, 0.7, -0.1)) }
      take(x) { ck_normalization_backward($0, z, count, 0.3, 0.7, -0.1) }
      take(x) { ck_add_scalar($0, count, 0.1) }
      take(x) { ck_add($0, z, $0, count) }
      take(x) { ck_relu_backward($0, z, count) }
      take(x) { ck_affine($0, $0, count, 0.3, -0.7) }
      take(x) { ck_affine_sum($0, z, $0, count, 0.3, -0.7, 0.1) }
      take(x) { ck_affine_factor($0, z, x, 0.3, count) }
      take(x) { ck_combine($0, z, $0, count, 0.3, -0.7) }
      take(x) { ck_tanh($0, count) }
      take(x) { ck_sigmoid($0, count) }
      take(x) { ck_tanh_backward($0, z, count) }
      take(x) { ck_attentive_statistics($0, z, count, &mean, &other) }
      rows += [mean, other]
      take(x) { ck_attentive_variance($0, z, count, &mean, &other) }
      rows += [mean, other]
      take(x) { ck_attention_backward(z, x, $0, count, 0.3, 0.7, 0.1) }
      take(x) { ck_pooling_relu_backward($0, z, x, count, 0.3, 0.7, 0.2, 0.1) }
      take(x) { ck_pooling_backward($0, z, x, count, 0.3, 0.7, 0.2, 0.1) }
      take(x.map { abs($0) + 0.001 }) { ck_log($0, count) }
      return rows + totals.flatMap(parts)
    }
  }

  private static var mapLoops: [Float] {
    counts.flatMap { count -> [Float] in
      let (x, z) = (numbers(count, item: 111), numbers(count, item: 112))
      var (totals, rows) = ([Double](), [Float]())
      func take(_ change: (UnsafeMutablePointer<Float>, inout Double, inout Double) -> Void) {
        var (row, sum, weighted) = (x, 0.0, 0.0)
        row.withUnsafeMutableBufferPointer { change($0.baseAddress!, &sum, &weighted) }
        rows += row
        totals += [sum, weighted]
      }
      take { row, _, _ in ck_affine_relu(row, row, count, 0.3, -0.1) }
      take { row, _, _ in ck_affine_sum_relu(row, z, row, count, 0.3, -0.7, 0.1) }
      take { row, sum, _ in sum = ck_affine_relu_sum(row, count, 0.3, -0.1) }
      take { ck_affine_relu_backward_sums(x, z, $0, count, 0.1, 0.3, -0.05, &$1, &$2) }
      take { ck_relu_normalization_sums($0, z, count, 0.1, 0.3, -0.05, &$1, &$2) }
      take { ck_relu_backward_sums($0, z, x, count, 0.1, &$1, &$2) }
      take { row, _, _ in ck_relu_normalization_backward(row, z, count, 0.3, -0.05, 0.3, 0.7, -0.1) }
      return rows + totals.flatMap(parts)
    }
  }

  private static var timeLoops: [Float] {
    counts.flatMap { count -> [Float] in
      let (x, z) = (numbers(count, item: 131), numbers(count, item: 132))
      var rows = [Float]()
      func take(_ change: (UnsafeMutablePointer<Float>) -> Void) {
        var row = x
        row.withUnsafeMutableBufferPointer { change($0.baseAddress!) }
        rows += row
      }
      take { ck_affine_gelu($0, $0, count, 6, 0.3) }
      take { ck_affine_gelu_backward($0, z, count, 6, 0.3) }
      let wide = z.map { 6 * $0 }
      take { ck_gelu_tanh(wide, $0, count) }
      take { ck_gelu_tanh_backward($0, wide, count) }
      take { ck_softmax($0, count, 3) }
      take { ck_softmax_backward(z, $0, count, 3) }
      var totals = [Double]()
      for taps in [7, 19, 47, 59] {
        let weights = numbers(taps, item: 133)
        take { ck_depthwise_row(z, $0, count, weights, taps, 0, 0.1, 0) }
        take { ck_depthwise_row(z, $0, count, weights, taps, 1, 0, 1) }
        var sums = [Double](repeating: 0, count: taps)
        ck_depthwise_row_gradient(x, z, count, taps, &sums)
        totals += sums
      }
      return rows + totals.flatMap(parts)
    }
  }

  /// Columns that are normalised, and the gradients on the way back.
  private static var normalizedColumns: [Float] {
    let (rows, columns) = (5, 150)
    let (x, gradient) = (matrix(rows, columns, item: 141), matrix(rows, columns, item: 142))
    let (weights, biases) = (numbers(rows, item: 143), numbers(rows, item: 144))
    let (y, back) = (Matrix(rows: rows, columns: columns), Matrix(rows: rows, columns: columns))
    let statistics = Matrix(rows: 2, columns: columns)
    ck_layer_normalization(
      x.pointer, columns, rows, columns, weights, biases, 1e-6, y.pointer, columns, statistics.row(0),
      statistics.row(1))
    ck_layer_normalization_backward(
      gradient.pointer, columns, x.pointer, columns, rows, columns, weights, statistics.row(0), statistics.row(1),
      back.pointer, columns)
    let sums = (0..<rows).flatMap { row -> [Float] in
      var (sum, weighted) = (0.0, 0.0)
      ck_layer_normalization_sums(
        gradient.row(row), x.row(row), statistics.row(0), statistics.row(1), columns, &sum, &weighted)
      return parts(sum) + parts(weighted)
    }
    return y.values + statistics.values + back.values + sums
  }

  private static var gateLoops: [Float] {
    counts.flatMap { count -> [Float] in
      let (x, z) = (numbers(count, item: 131), numbers(count, item: 132))
      let energies = x.map { 12 * $0 }
      var (gates, first, second) = (x, 0.0, 0.0)
      ck_energy_gates(x, &gates, count, 0.3, -0.1, 0.7)
      ck_energy_gate_sums(z, x, &gates, count, 0.3, -0.1, 0.2, &first, &second)
      var rows = gates
      func take(_ row: [Float], _ change: (UnsafeMutablePointer<Float>) -> Void) {
        var row = row
        row.withUnsafeMutableBufferPointer { change($0.baseAddress!) }
        rows += row
      }
      take(x) { ck_energy_gate($0, $0, count, 0.3, -0.1, 0.2, 0.7) }
      take(z) { ck_energy_gate_backward($0, x, gates, count, 0.3, -0.1, 0.2, 0.7, 0.4, -0.6) }
      take(energies) { ck_precisions($0, $0, count) }
      take(z) { ck_precisions_backward(energies, x, $0, count, 0.3, 0.1) }
      take(z) { ck_add_precisions(energies, $0, count, 0.3) }
      return rows + parts(first) + parts(second)
    }
  }

  /// A filtered convolution, the gradient of an input and that of the weights, of maps with tiles beyond their ends.
  private static var filtered: [Float] {
    let grid = Grid(utterances: 2, height: 5, frames: 7)
    let (weights, map) = (matrix(16, 16 * 9, item: 121), matrix(16, grid.columns, item: 122))
    let (output, input) = (Matrix(rows: 16, columns: grid.columns), Matrix(rows: 16, columns: grid.columns))
    WinogradProducts(weights.view).write(AffineView(map.view), grid, to: output.view)
    WinogradProducts(turning: weights.view).write(AffineView(output.view), grid, to: input.view)
    let gradient = Matrix.zeros(rows: 16, columns: weights.columns)
    WinogradGradient(gradient: output.view, input: AffineView(map.view), grid, objectives: 1, units: [0..<1, 1..<2])
      .sums(of: [0..<2]).add(objective: 0, to: [gradient.view])
    return output.values + input.values + gradient.values
  }

  /// The same as `filtered` for lines with tiles beyond their ends.
  private static var filteredFrames: [Float] {
    [(1, 9), (2, 17), (3, 40)].flatMap { dilation, frames -> [Float] in
      let (weights, input) = (matrix(16, 16 * 3, item: 151), matrix(16, 2 * frames, item: 152))
      let output = Matrix(rows: 16, columns: 2 * (frames - 2 * dilation))
      let back = Matrix(rows: 16, columns: 2 * frames)
      FrameFilterProducts(weights.view, dilation: dilation).write(AffineView(input.view), lines: 2, to: output.view)
      FrameFilterProducts(turning: weights.view, dilation: dilation).write(
        AffineView(output.view), lines: 2, zeros: 2 * dilation, to: back.view)
      let gradient = Matrix.zeros(rows: 16, columns: weights.columns)
      FrameFilterGradient(
        gradient: output.view, input: AffineView(input.view), lines: 2, dilation: dilation, objectives: 1,
        units: [0..<1, 1..<2]
      ).sums(of: [0..<2]).add(objective: 0, to: [gradient.view])
      return output.values + back.values + gradient.values
    }
  }

  /// Convolutions of single channels and of patches, and their gradients, of maps of short lines and of lines longer
  /// than what is computed at a time.
  private static var separated: [Float] {
    [(3, 5, 7), (1, 2, 1100)].flatMap { shape -> [Float] in
      let (maps, height, frames) = shape
      let count = maps * height * frames
      let (x, z, w) = (matrix(1, 8 * count, item: 131), matrix(1, 8 * count, item: 132), numbers(16, item: 133))
      let channels = [
        ck_channel(x: x.pointer, z: z.pointer, a: 0.3, b: -0.7, c: 0.1, rectified: 1),
        ck_channel(x: z.pointer, z: nil, a: 0.3, b: 0, c: -0.1, rectified: 0),
      ]
      var (sums, taps) = ([Double](repeating: 0, count: 11), [Double](repeating: 0, count: 4))
      var (y, dx) = ([Float](repeating: 0, count: count), [Float](repeating: 0, count: count))
      var (places, spread) = (y, [Float](repeating: 0, count: 8 * count))
      withExtendedLifetime((x, z)) {
        for map in 0..<maps {
          let own = [channels[0].from(map * height * frames)]
          y.withUnsafeMutableBufferPointer {
            ck_depthwise(own, w, height, frames, 0, height, 0, $0.baseAddress! + map * height * frames)
          }
        }
        ck_depthwise_backward(z.pointer, channels, w, maps, height, frames, 0.1, x.pointer, &dx, &sums)
        ck_patches(channels, 2, w, 0.1, 2, 4, maps, height, frames, &places)
        ck_patches_input_gradient(x.pointer, count, w, 8, 2, 2, 4, maps, height, frames, &spread)
        ck_patches_weight_gradient(z.pointer, channels, 1, 2, 4, maps, height, frames, &taps)
      }
      let totals = (sums + taps).flatMap(parts)
      return [y, dx, places, spread, totals].flatMap { $0 }
    }
  }

  /// Convolutions of two channels in a group, of maps of short lines and of lines longer than what is computed at a
  /// time.
  private static var grouped: [Float] {
    [(5, 7), (2, 1100)].flatMap { height, frames -> [Float] in
      let (x, w) = (matrix(2, height * frames, item: 134), numbers(18, item: 135))
      var y = numbers(height * frames, item: 136)
      withExtendedLifetime(x) {
        for channel in 0..<2 {
          let own = [ck_channel(x: x.row(channel), z: nil, a: 1, b: 0, c: 0, rectified: 0)]
          ck_depthwise(own, Array(w[9 * channel..<9 * channel + 9]), height, frames, 0, height, 1, &y)
        }
      }
      return y
    }
  }

  /// The spectra of frames, and a convolution.
  private static var transforms: [Float] {
    let spectrum = FrameSpectrum(atLeast: 400)
    let scratch = spectrum.scratch()
    let window = numbers(400, item: 501).map { Double($0) }
    for frame in 0..<FrameSpectrum.block {
      let (samples, noise) = (numbers(400, item: 502 + frame), numbers(400, item: 552 + frame))
      ck_shape_frame(samples, noise, 0.1, 0.97, window, 400, scratch.frame(frame))
    }
    spectrum.power(scratch)
    let powers = (0..<spectrum.points / 2).flatMap { frequency in
      (0..<FrameSpectrum.block).map { scratch.power[frequency][$0] }
    }
    return powers + Convolution.full(numbers(1000, item: 601), numbers(77, item: 602))
  }

  private static var functions: [Double] {
    numbers(4000, item: 201).flatMap { number in
      let x = Double(number)
      return [exp(30 * x), log(abs(x)), sin(7 * x), cos(7 * x), pow(0.999, 1000 * abs(x)), pow(10, x)]
    }
  }

  private static var features: [Float] {
    let dither = RandomStream(seed: 1, purpose: .test, item: 302)
    return FilterBank(FrontEnd()).features(of: numbers(8000, item: 301), dither: dither).values
  }

  private static var resampled: [Float] {
    // A resampler that fails here fails where it is used as well, and gives the reason there.
    (try? Resampler(from: 44_100, to: 16_000).convert(whole: numbers(11_025, item: 401), outputs: 4000)) ?? []
  }
}

extension Arithmetic {
  /// Makes sure that all ranks compute alike, since each applies the same gradients to parameters of its own. All ranks
  /// call this together.
  /// - Throws: `AgreedFailure` that names the first rank that differs, and the parts in which it does.
  package func agree(_ communicator: any Communicator) throws {
    let all = communicator.gather(
      checksums.sorted { $0.key < $1.key }.map { "\($0.key)\t\($0.value)" }.joined(separator: "\n"))
    try communicator.demandSame(all) { first, other in
      "computes differently from rank 0 on \(communicator.hosts[0]) (\(Self.difference(first, other))): run all ranks with "
        + "the same system libraries, as from one container image"
    }
  }

  private static func difference(_ first: String, _ other: String) -> String {
    zip(first.split(separator: "\n"), other.split(separator: "\n")).filter { $0 != $1 }
      .map { String($0.0.prefix { $0 != "\t" }) }.joined(separator: ", ")
  }
}
