extension EmbeddingExtractor {
  /// The bytes of memory that this rank will take beyond those that it holds to compute its share of utterances'
  /// embeddings: the encoder's passes over what it embeds at once, as a rehearsal shows them, the features and samples
  /// of that, the weights as the passes read them, and the embeddings of all utterances.
  /// - Parameter seconds: the lengths of all utterances.
  func memoryAhead(_ seconds: some Collection<Double>, communicator: any Communicator) -> Int {
    let turns = EmbeddingTurns(
      seconds, rank: communicator.rank, ranks: communicator.size, threads: ThreadTeam.shared.size)
    let prepared = PreparedWeights()
    // The first pass prepares them, and others only read them.
    let first = memory(samples: 0, prepared)
    let weights = max(0, first - memory(samples: 0, prepared))
    let most = mostAtOnce(turns).map { $0.utterances * memory(samples: $0.samples, prepared) }.max() ?? 0
    return weights + most + seconds.count * encoder.dimensions * MemoryLayout<Float>.stride
  }

  /// The bytes of memory that the embedding of so many samples takes.
  private func memory(samples: Int, _ prepared: PreparedWeights) -> Int {
    let frames = frontEnd.frames(samples: max(samples, frontEnd.samples(frames: encoder.minimumFrames)))
    let pass = encoder.memory(utterances: 1, frames: frames) { features in
      _ = encoder.encode(features, utterances: 1, inference(prepared))
    }
    // The front end may need the samples a second time, lengthened.
    return pass + (2 * samples + encoder.bins * frames) * MemoryLayout<Float>.stride
  }

  /// The most utterances that a rank embeds at once, among long ones and among short ones, with the most samples that
  /// it embeds of one of them; nothing where it has no utterance.
  package func mostAtOnce(_ turns: EmbeddingTurns) -> [(utterances: Int, samples: Int)] {
    turns.mostAtOnce.map { utterances, seconds in
      (utterances, Int(min(seconds, longestPiece) * Double(FrontEnd.sampleRate)))
    }
  }

  /// Lines about hosts whose ranks will take more memory than these have left; the same on every rank. All ranks call
  /// this together.
  /// - Parameters:
  ///   - seconds: the lengths of all utterances.
  ///   - remedy: the option or setting to choose smaller.
  package func memoryWarnings(
    _ seconds: some Collection<Double>, communicator: any Communicator, remedy: String
  ) -> [String] {
    let ahead = memoryAhead(seconds, communicator: communicator)
    return MemoryOutlook.warnings(
      communicator.gatherValues(MemoryOutlook(ahead: ahead)), hosts: communicator.hosts, remedy: remedy)
  }
}
