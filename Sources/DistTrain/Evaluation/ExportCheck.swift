import Foundation

/// A comparison of an encoder's embeddings with those of what is exported of it.
///
/// A graph is computed by onnxruntime, of the features, or the samples, that the encoder's own embeddings are made of.
/// Any other form is read back, as `svdist import` or `--encoder` reads it, and embeds by its own front end. Of an
/// utterance that is embedded in pieces the first one counts.
package struct ExportCheck {
  /// A comparison that held.
  package struct Result: Sendable {
    /// The least cosine of two embeddings of one utterance.
    package let leastCosine: Double
    package let utterances: Int
    /// The name and version of what computed the embeddings of what is exported.
    package let runtime: String
    /// The path of the corpus.
    package let corpus: String

    package init(leastCosine: Double, utterances: Int, runtime: String, corpus: String) {
      (self.leastCosine, self.utterances, self.runtime, self.corpus) = (leastCosine, utterances, runtime, corpus)
    }

    var cosine: String { String(format: "%.8f", leastCosine) }

    /// The result in a line.
    package var words: String {
      "least cosine \(cosine) over \(utterances.counted("utterance")) of \(corpus) (\(runtime))"
    }

    /// The result as metadata of a file.
    var metadata: [String: String] {
      ["verified.cosine": cosine, "verified.utterances": "\(utterances)", "verified.runtime": runtime]
    }
  }

  /// The end of a comparison that did not show a difference.
  package enum Outcome {
    case agrees(Result)
    /// Nothing was compared, for a reason.
    case notCompared(String)
  }

  /// The cosine below which embeddings are not those of one encoder: single precision leaves seven nines.
  static let leastAllowed = 0.99999

  private let encoder: TrainedEncoder
  private let corpus: String
  private let utterances: [Utterance]
  /// A line about utterances that are fewer than asked for; nil where they are not.
  package let note: String?

  /// Chooses utterances, evenly spread over those of a corpus that the encoder can embed.
  /// - Parameters:
  ///   - corpus: the path of a data directory.
  ///   - count: the largest number of utterances.
  /// - Throws: `Failure(.badData)` where the corpus cannot be read, or has no such utterance.
  package init(_ encoder: TrainedEncoder, corpus path: String, utterances count: Int) throws {
    let corpus = try Corpus.open(path)
    if let first = corpus.unmeasured.first { throw first.failure }
    let extractor = encoder.extractor
    let least = extractor.frontEnd.samples(frames: extractor.encoder.minimumFrames) + 1
    let shortest = max(EmbeddingExtractor.shortest, Double(least) / Double(FrontEnd.sampleRate))
    let usable = corpus.utterances.indices.filter { corpus.utterances.seconds($0) >= shortest }
    guard !usable.isEmpty else {
      let lost = corpus.losses(in: path).first.map { " (\($0))" } ?? ""
      throw Failure(
        .badData,
        "\(path): has no utterance of \(shortest) s or more, as this encoder takes: name another corpus\(lost)")
    }
    (self.encoder, self.corpus) = (encoder, path)
    let chosen = min(count, usable.count)
    utterances = (0..<chosen).map { corpus.utterances[usable[$0 * usable.count / chosen]] }
    note =
      chosen < count
      ? "\(path) has \(chosen.counted("utterance")) of \(shortest) s or more, fewer than the \(count) asked for"
      : nil
  }

  /// Writes what is to be exported into a folder that is removed again, and compares embeddings.
  /// - Parameters:
  ///   - form: the form in which the encoder is exported.
  ///   - input: what the graph of `onnx` takes.
  ///   - runtime: what computes graphs.
  ///   - counting: shows how many utterances are embedded.
  /// - Throws: `Failure(.failed)` that names the first utterance whose embeddings differ; `Failure(.badData)` where an
  ///   utterance cannot be embedded.
  package func run(
    _ form: EncoderExport, _ words: EncoderExport.Words, input: EncoderExport.GraphInput = .features,
    runtime: GraphRuntime = GraphRuntime(), counting: WorkCounting = .silent
  ) throws -> Outcome {
    try TemporaryFolder.with { folder in
      let place = "\(folder)/encoder"
      _ = try form.write(encoder, words, input: input, to: place)
      switch form {
      case .onnx: return try compare(graph: place, input, runtime, counting, in: folder)
      case .huggingface where encoder.extractor.encoder is any GraphEncoder:
        return try compare(graph: "\(place)/model.onnx", .features, runtime, counting, in: folder)
      case .huggingface: return try compare(TrainedEncoder("\(place)/model.safetensors"), words, counting)
      case .safetensors: return try compare(TrainedEncoder(place), words, counting)
      case .wespeaker, .speechbrain:
        let imported = "\(folder)/imported.safetensors"
        try ForeignEncoder(place).write(to: imported)
        return try compare(TrainedEncoder(imported), words, counting)
      }
    }
  }

  /// Compares the embeddings with those of an encoder that was read back.
  private func compare(
    _ other: TrainedEncoder, _ words: EncoderExport.Words, _ counting: WorkCounting
  ) throws -> Outcome {
    let runtime = "svdist \(words.version), which read it back"
    let vectors = try counting.count(utterances.count, of: "utterances compared") { advance in
      try utterances.map { utterance in
        defer { advance(1) }
        let samples = try encoder.extractor.firstPiece(of: utterance)
        return try [encoder.extractor, other.extractor].map {
          try $0.embedding(of: samples, name: Self.name(utterance))
        }
      }
    }
    return try .agrees(result(own: vectors.map { $0[0] }, others: vectors.map { $0[1] }, runtime))
  }

  /// Compares the embeddings with those that the runtime computes of a graph.
  private func compare(
    graph: String, _ input: EncoderExport.GraphInput, _ runtime: GraphRuntime, _ counting: WorkCounting,
    in folder: String
  ) throws -> Outcome {
    let inputs = "\(folder)/inputs"
    let file = try OutputFile(path: inputs)
    let own = try counting.count(utterances.count, of: "utterances embedded") { advance in
      try utterances.map { utterance in
        defer { advance(1) }
        return try write(utterance, input, to: file)
      }
    }
    try file.finish(syncing: false)
    do {
      let outputs = try runtime.outputs(of: graph, inputs: inputs, in: folder)
      let width = encoder.extractor.encoder.dimensions
      guard outputs.values.count == own.count * width else {
        throw Failure(
          .failed,
          "\(outputs.runtime) made \(outputs.values.count) numbers of \(own.count.counted("utterance")), where embeddings "
            + "have \(width)")
      }
      let others = own.indices.map { Array(outputs.values[$0 * width..<($0 + 1) * width]) }
      return try .agrees(result(own: own, others: others, outputs.runtime))
    } catch let unavailable as GraphRuntime.Unavailable {
      return .notCompared(unavailable.reason)
    }
  }

  /// Adds what a graph takes of an utterance to a file.
  /// - Returns: the encoder's own embedding of it.
  private func write(
    _ utterance: Utterance, _ input: EncoderExport.GraphInput, to file: OutputFile
  ) throws -> [Float] {
    let extractor = encoder.extractor
    let samples = extractor.filled(try extractor.firstPiece(of: utterance))
    let vector = try extractor.embedding(of: samples, name: Self.name(utterance))
    switch input {
    case .waveforms: try GraphRuntime.write(samples, shape: [1, samples.count], to: file)
    case .features:
      let features = extractor.features(of: samples)
      let frames = (0..<features.columns).flatMap { frame in (0..<features.rows).map { features[$0, frame] } }
      try GraphRuntime.write(frames, shape: [1, features.columns, features.rows], to: file)
    }
    return vector
  }

  private func result(own: [[Float]], others: [[Float]], _ runtime: String) throws -> Result {
    let cosines = zip(own, others).map(Self.cosine)
    // A cosine that is no number is not large enough either.
    if let bad = cosines.firstIndex(where: { !($0 >= Self.leastAllowed) }) {
      throw Failure(
        .failed,
        "\(Self.name(utterances[bad])): its embedding by \(runtime) has a cosine of "
          + "\(String(format: "%.8f", cosines[bad])) with the encoder's own, less than \(Self.leastAllowed)")
    }
    return Result(
      leastCosine: cosines.min() ?? 1, utterances: utterances.count, runtime: runtime, corpus: corpus)
  }

  /// The cosine of two vectors, in double precision.
  static func cosine(_ one: [Float], _ other: [Float]) -> Double {
    func product(_ a: [Float], _ b: [Float]) -> Double { zip(a, b).reduce(0) { $0 + Double($1.0) * Double($1.1) } }
    return product(one, other) / (product(one, one) * product(other, other)).squareRoot()
  }

  private static func name(_ utterance: Utterance) -> String { "utterance \(utterance.id) (\(utterance.path))" }
}

extension EmbeddingExtractor {
  /// The samples of an utterance at 16 kHz that are embedded at once: of an utterance in pieces those of its first.
  /// - Throws: `Failure(.badData)` where its file cannot be read.
  fileprivate func firstPiece(of utterance: Utterance) throws -> [Float] {
    let file = try AudioFile(path: utterance.path)
    let whole = try Waveform.samples(
      of: file, start: utterance.start, seconds: utterance.seconds, sampleRate: FrontEnd.sampleRate)
    return try Waveform.read(file, pieces(whole)[0], sampleRate: FrontEnd.sampleRate, channel: utterance.channel)
  }
}
