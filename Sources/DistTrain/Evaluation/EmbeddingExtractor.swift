/// Computes embeddings of whole utterances, shared out over ranks.
public struct EmbeddingExtractor: Sendable {
  private let encoder: any Encoder
  private let parameters: Matrix
  private let statistics: Matrix
  private let filterBank: FilterBank

  /// - Parameters:
  ///   - encoder: the encoder of the embeddings.
  ///   - frontEnd: the front end that the encoder was trained with; its dither is left out.
  ///   - parameters: a flat matrix that begins with the encoder's parameters.
  ///   - statistics: a flat matrix of the encoder's running statistics.
  public init(encoder: any Encoder, frontEnd: FrontEnd, parameters: Matrix, statistics: Matrix) {
    self.encoder = encoder
    self.parameters = parameters
    self.statistics = statistics
    filterBank = FilterBank(frontEnd)
  }

  /// The embedding of a waveform before length normalisation. A waveform that is shorter than a frame is repeated to
  /// fill one.
  /// - Parameters:
  ///   - samples: the samples at 16 kHz, where full scale is ±1.
  ///   - name: the name of the waveform in an error.
  /// - Throws: `Failure(.badData)` where the encoder accepts no utterance of so few frames.
  package func embedding(of samples: [Float], name: String) throws -> [Float] {
    let frontEnd = filterBank.frontEnd
    let filled = Waveform.tiled(samples, count: max(samples.count, frontEnd.samples(frames: 1)))
    let frames = frontEnd.frames(samples: filled.count)
    guard frames >= encoder.minimumFrames else {
      throw Failure(
        .badData,
        "\(name): \(samples.count) samples at 16 kHz are too short for this encoder, which takes "
          + "\(encoder.minimumFrames) frames (\(frontEnd.samples(frames: encoder.minimumFrames)) samples) or more")
    }
    let pass = ForwardPass(mode: .inference, parameters: parameters, statistics: statistics)
    return encoder.encode(filterBank.features(of: filled, dither: nil), utterances: 1, pass).embeddings.values
  }

  /// The embedding of an utterance before length normalisation.
  /// - Throws: `Failure(.badData)` where its file cannot be read or it is too short for the encoder.
  public func embedding(of utterance: Utterance) throws -> [Float] {
    let samples = try Waveform.read(
      path: utterance.path, start: utterance.start, seconds: utterance.seconds, sampleRate: FrontEnd.sampleRate)
    guard !samples.isEmpty else { throw Failure(.badData, "\(utterance.path): no samples") }
    return try embedding(of: samples, name: "utterance \(utterance.id) (\(utterance.path))")
  }

  /// The embeddings of utterances, on every rank; each is computed by one rank.
  /// - Parameters:
  ///   - isToStop: is asked before each utterance.
  ///   - progress: is called after each utterance of this rank, with its place, from 0, in the order in which the ranks
  ///     take turns.
  /// - Throws: `AgreedFailure` that names a file which cannot be read, or is of kind `stopped` where `isToStop` was
  ///   true on any rank.
  public func embeddings<Utterances: RandomAccessCollection<Utterance>>(
    of utterances: Utterances, communicator: any Communicator, isToStop: () -> Bool = { false },
    progress: (Int) -> Void = { _ in }
  ) throws -> Embeddings where Utterances.Index == Int {
    let vectors = Matrix.zeros(rows: utterances.count, columns: encoder.dimensions)
    // Ranks take utterances in turn, the longest first, so that they finish together.
    let seconds = utterances.map(\.seconds)
    let order = seconds.indices.sorted { (seconds[$0], $0) > (seconds[$1], $1) }
    try communicator.agree {
      for (turn, index) in order.enumerated() where turn % communicator.size == communicator.rank {
        if isToStop() { throw Failure(.stopped, "stopped on request before all utterances had their embeddings") }
        let vector = try embedding(of: utterances[index])
        vectors.row(index).update(from: vector, count: vector.count)
        progress(turn)
      }
    }
    // Training needs buffers of other sizes.
    BufferPool.shared.trim()
    communicator.sum(vectors)
    return try Embeddings(names: utterances.map(\.id), vectors: vectors)
  }
}
