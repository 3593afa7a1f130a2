/// The arithmetic mean of encoders of one structure, of their parameters and in the same way of their running
/// statistics, as wespeaker's `average_model` takes it.
///
/// Sums are in double precision, and the mean is rounded once. Besides the sums there is one encoder in memory, the one
/// that is being added.
package struct EncoderAverage: Sendable {
  /// The type of encoder and its dimensions in words.
  package let words: String
  /// The settings of the encoders and of their front end by their keys.
  package let settings: [String: String]
  private let layout: EncoderLayout
  private let count: Double
  private var parameters: [Double]
  private var statistics: [Double]
  /// Running statistics in the place of the mean of the encoders' own, in one row, and the number of batches that they
  /// were estimated on; nil leaves the mean.
  package var estimate: (statistics: Matrix, batches: Int)?

  /// Averages the encoders in files.
  /// - Parameters:
  ///   - files: paths that `TrainedEncoder` takes, at least one.
  ///   - counting: shows how many are read.
  /// - Throws: `Failure(.badData)` that names the file which is broken, holds numbers that are not finite or is of
  ///   another encoder or front end than the first.
  package init(of files: [String], counting: WorkCounting = .silent) throws {
    precondition(!files.isEmpty, "a mean is of one encoder or more")
    // Sums that began with zero would lose the sign of zeros.
    let first = try Self.open(files[0])
    words = first.words
    settings = first.settings
    layout = first.extractor.encoder.layout
    parameters = first.extractor.parameters.elements.map(Double.init)
    statistics = first.extractor.statistics.elements.map(Double.init)
    count = Double(files.count)
    try counting.count(files.count, of: "checkpoints read") { read in
      read(1)
      for file in files.dropFirst() {
        try add(Self.open(file), unlike: files[0])
        read(1)
      }
    }
  }

  private mutating func add(_ encoder: TrainedEncoder, unlike first: String) throws {
    let others = Set(settings.keys).union(encoder.settings.keys).sorted().filter {
      settings[$0] != encoder.settings[$0]
    }
    guard others.isEmpty else {
      let list = others.map { "\($0) \(encoder.settings[$0] ?? "none"), there \(settings[$0] ?? "none")" }
      throw Failure(
        .badData,
        "\(encoder.path): is of other settings than \(first) (\(list.joined(separator: "; "))): a mean is of encoders of "
          + "the same")
    }
    for (index, value) in encoder.extractor.parameters.elements.enumerated() { parameters[index] += Double(value) }
    for (index, value) in encoder.extractor.statistics.elements.enumerated() { statistics[index] += Double(value) }
  }

  private static func open(_ file: String) throws -> TrainedEncoder {
    let encoder = try TrainedEncoder(file)
    for values in [encoder.extractor.parameters, encoder.extractor.statistics] {
      guard values.elements.allSatisfy(\.isFinite) else {
        throw Failure(.badData, "\(encoder.path): holds numbers that are not finite, and so would the mean")
      }
    }
    return encoder
  }
}

extension EncoderAverage {
  /// The means of the encoders' parameters and of their running statistics, each in one row.
  package var means: (parameters: Matrix, statistics: Matrix) { (mean(parameters), mean(statistics)) }

  /// The key of the metadata by which an average is known.
  private static let mark = "average.steps"

  /// Checks, before anything is read, that an average can be written to a path.
  /// - Throws: `Failure(.usage)` where there is no folder for it, or something else than an average is there.
  package static func check(_ path: String) throws {
    try AtomicFile.check([path], for: "average of checkpoints") {
      (try? SafetensorsFile(path: $0.path))?.metadata[mark] != nil
    }
  }

  /// Writes the mean as an encoder's file, which appears whole or not at all. Its metadata say what it is the mean of.
  /// - Parameters:
  ///   - run: the name of the run folder.
  ///   - steps: the steps of the checkpoints.
  ///   - rule: how they were chosen, such as `last 5`.
  package func write(run: String, steps: [Int], rule: String, to path: String) throws {
    var origin = [
      Self.mark: steps.map(String.init).joined(separator: ","), "average.run": run, "average.rule": rule,
    ]
    if let estimate {
      origin["average.statistics"] =
        "re-estimated on \(estimate.batches.counted("batch"))"
    }
    try SafetensorsFile.write(
      layout.tensors(mean(parameters), estimate?.statistics ?? mean(statistics)),
      metadata: settings.merging(origin) { own, _ in own }, to: path)
  }

  private func mean(_ sums: [Double]) -> Matrix {
    let mean = Matrix(rows: 1, columns: sums.count)
    for (index, sum) in sums.enumerated() { mean.elements[index] = Float(sum / count) }
    return mean
  }
}
