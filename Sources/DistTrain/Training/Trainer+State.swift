extension Trainer {
  /// The trained parameters and the running statistics, by their names.
  package var encoderTensors: [NamedTensor] {
    layout.parameters.map {
      NamedTensor(name: $0.name, shape: $0.shape, buffer: parameters.buffer, offset: $0.offset)
    }
      + encoder.layout.statistics.parameters.map {
        NamedTensor(name: $0.name, shape: $0.shape, buffer: statistics.buffer, offset: $0.offset)
      }
  }

  /// What the optimiser remembers, by name.
  package var optimizerTensors: [NamedTensor] {
    optimizer.state.map { NamedTensor(name: $0.name, matrix: $0.values) }
  }

  /// Everything else that the steps to come depend on.
  package func state(configuration: String, version: String) -> TrainingState {
    let epoch = step / plan.sampler.stepsPerEpoch
    return TrainingState(
      step: step, seed: plan.seed, configuration: configuration,
      sampler: .init(epoch: epoch, index: step % plan.sampler.stepsPerEpoch),
      replaced: unreadable.map { plan.corpus.utterances[$0].id }, version: version, ranks: communicator.size)
  }

  /// Goes on from a checkpoint.
  /// - Throws: `Failure(.badData)` that names the file and tensor which does not fit, or the utterance it does not know.
  package func restore(_ checkpoint: Checkpoint) throws {
    let encoderFile = try checkpoint.encoder()
    for tensor in layout.parameters {
      try encoderFile.read(tensor.name, shape: tensor.shape, into: slice(parameters, tensor))
    }
    for tensor in encoder.layout.statistics.parameters {
      try encoderFile.read(tensor.name, shape: tensor.shape, into: slice(statistics, tensor))
    }
    let optimizerFile = try checkpoint.optimizer()
    for (name, values) in optimizer.state {
      try optimizerFile.read(name, shape: [values.rows, values.columns], into: values.elements)
    }
    unreadable = try checkpoint.state.replaced.map { id in
      guard let index = plan.corpus.utterance(named: id) else {
        throw Failure(.badData, "\(checkpoint.path): its utterance \(id) is not in the corpus; --restart starts anew")
      }
      return index
    }
    step = checkpoint.step
    optimizer.updates = step
  }

  private func slice(_ buffer: Matrix, _ tensor: Parameter) -> UnsafeMutableBufferPointer<Float> {
    UnsafeMutableBufferPointer(rebasing: buffer.elements[tensor.range])
  }

  /// Makes running statistics that each rank kept of its own rows those of all: their mean over ranks. After every step,
  /// so that they don't depend on when a run evaluates, saves or stops.
  func shareStatistics() {
    guard !plan.sharesBatchStatistics else { return }
    communicator.sum(statistics)
    let size = Float(communicator.size)
    for index in statistics.elements.indices { statistics.elements[index] /= size }
  }

  /// Whether all ranks hold the same parameters, by a checksum of their bits.
  package var ranksAgree: Bool {
    let bits = parameters.elements.reduce(UInt64(14_695_981_039_346_656_037)) {
      ($0 ^ UInt64($1.bitPattern)) &* 1_099_511_628_211
    }
    // Halves of 32 bits are exact in doubles.
    let halves = [Double(bits >> 32), Double(bits & 0xffff_ffff)]
    return communicator.minimum(halves) == communicator.maximum(halves)
  }
}
