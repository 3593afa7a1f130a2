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
      "kernels of frames' filters": frameKernels, "kernels of SpeechBrain's spectra": spectralKernels,
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

  /// The checksum of the kernel of spectra of 400 points, the same on every machine.
  package static var spectralKernels: String { checksum(powers(points: 400)) }

  private static func checksum<Value>(_ values: [Value]) -> String {
    values.withUnsafeBytes { SHA256.of($0) }.prefix(8).hexadecimal
  }

  /// Numbers drawn uniformly from ±1.
  static func numbers(_ count: Int, item: Int) -> [Float] {
    var stream = RandomStream(seed: 1, purpose: .test, item: item)
    return (0..<count).map { _ in Float(stream.uniform(-1, 1)) }
  }

  static func matrix(_ rows: Int, _ columns: Int, item: Int) -> Matrix {
    Matrix(rows: rows, columns: columns, numbers(rows * columns, item: item))
  }

  /// Each number as a float and what that lacks of it.
  static func parts(of numbers: [Double]) -> [Float] {
    numbers.flatMap { number -> [Float] in
      let nearest = Float(number)
      return [nearest, Float(number - Double(nearest))]
    }
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
