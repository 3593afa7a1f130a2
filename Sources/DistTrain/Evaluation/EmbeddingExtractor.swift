/// Embeddings of whole utterances, shared out over ranks.
package struct EmbeddingExtractor {
  private let encoder: any Encoder
  private let parameters: Matrix
  private let statistics: Matrix
  private let filterBank: FilterBank

  /// - Parameters:
  ///   - frontEnd: the one that the encoder was trained with; its dither is left out.
  ///   - parameters: flat; the encoder's come first.
  ///   - statistics: the encoder's running statistics, flat.
  package init(encoder: any Encoder, frontEnd: FrontEnd, parameters: Matrix, statistics: Matrix) {
    self.encoder = encoder
    self.parameters = parameters
    self.statistics = statistics
    filterBank = FilterBank(frontEnd)
  }

  /// The embedding of a waveform before length normalisation; shorter than a frame, it is repeated to fill one.
  /// - Parameters:
  ///   - samples: 16 kHz, ±1.
  ///   - name: what an error calls them.
  /// - Throws: `Failure(.badData)` where the encoder takes no utterance of so few frames.
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

  package func embedding(of utterance: Utterance) throws -> [Float] {
    let samples = try Waveform.read(
      path: utterance.path, start: utterance.start, seconds: utterance.seconds, sampleRate: FrontEnd.sampleRate)
    guard !samples.isEmpty else { throw Failure(.badData, "\(utterance.path): no samples") }
    return try embedding(of: samples, name: "utterance \(utterance.id) (\(utterance.path))")
  }

  /// The embeddings of utterances on every rank, each computed by one.
  /// - Parameter isToStop: asked before each utterance.
  /// - Throws: `AgreedFailure` that names a file which cannot be read, of status `.stopped` where `isToStop` said so on
  ///   any rank.
  package func embeddings<Utterances: RandomAccessCollection<Utterance>>(
    of utterances: Utterances, communicator: any Communicator, isToStop: () -> Bool = { false },
    progress: (Int) -> Void = { _ in }
  ) throws -> Embeddings where Utterances.Index == Int {
    let vectors = Matrix.zeros(rows: utterances.count, columns: encoder.dimensions)
    // By length and then in turn, so that ranks finish together.
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
