extension EmbeddingExtractor {
  /// The bytes of memory that this rank will take beyond those that it holds to compute its share of utterances'
  /// embeddings: the encoder's pass over the longest piece, as a rehearsal shows it, that piece's features and samples,
  /// and the embeddings of all utterances.
  /// - Parameter seconds: the lengths of all utterances.
  func memoryAhead(_ seconds: some Collection<Double>, communicator: any Communicator) -> Int {
    let samples = mostSamples(seconds, rank: communicator.rank)
    let frames = frontEnd.frames(samples: max(samples, frontEnd.samples(frames: encoder.minimumFrames)))
    let pass = encoder.memory(utterances: 1, frames: frames) { features in
      _ = encoder.encode(features, utterances: 1, inference)
    }
    // The front end may need the samples a second time, lengthened.
    let own = 2 * samples + encoder.bins * frames
    return pass + (own + seconds.count * encoder.dimensions) * MemoryLayout<Float>.stride
  }

  /// The most samples that a rank embeds at once; 0 where it has no utterance. Since ranks take the utterances in turn,
  /// the longest first, each begins with its longest one.
  /// - Parameter seconds: the lengths of all utterances.
  package func mostSamples(_ seconds: some Collection<Double>, rank: Int) -> Int {
    let own = seconds.sorted(by: >).dropFirst(rank).first ?? 0
    return Int(min(own, longestPiece) * Double(FrontEnd.sampleRate))
  }

  /// Lines about hosts whose ranks will take more memory than these have left; the same on every rank. All ranks call
  /// this together.
  /// - Parameters:
  ///   - seconds: the lengths of all utterances.
  ///   - remedy: what to choose smaller than it is.
  package func memoryWarnings(
    _ seconds: some Collection<Double>, communicator: any Communicator, remedy: String
  ) -> [String] {
    let ahead = memoryAhead(seconds, communicator: communicator)
    return MemoryOutlook.warnings(
      communicator.gatherValues(MemoryOutlook(ahead: ahead)), hosts: communicator.hosts, remedy: remedy)
  }
}
