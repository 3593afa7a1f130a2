extension Trainer {
  /// A copy of everything that a checkpoint of this moment holds.
  /// - Parameters:
  ///   - configuration: the digest of the settings.
  ///   - version: the version of svdist.
  ///   - arithmetic: the checksums of the arithmetic of this machine.
  ///   - metadata: the description of the encoder in the encoder's file.
  ///   - collected: what `collectParts` gave.
  package func snapshot(
    configuration: String, version: String, arithmetic: Arithmetic? = nil, metadata: [String: String] = [:],
    collected: [NamedTensor] = []
  ) -> CheckpointSnapshot {
    precondition(isSharedOut == !collected.isEmpty, "a checkpoint has the parts of all ranks")
    let ofEncoder = encoder.layout.parameters.count
    let (parameters, statistics) = (
      Self.copy(parameters, columns: isSharedOut ? ofEncoder : parameters.columns), Self.copy(statistics)
    )
    let evaluated = average.map { (parameters: Self.copy($0.parameters), statistics: Self.copy($0.statistics)) }
    let tensors =
      layout.parameters.map { ($0, $0.offset < ofEncoder ? evaluated?.parameters ?? parameters : parameters) }
      + encoder.layout.statistics.parameters.map { ($0, evaluated?.statistics ?? statistics) }
    return CheckpointSnapshot(
      encoder: tensors.map { tensor, values in
        if let first = collected.first, first.name == tensor.name { return first }
        return NamedTensor(name: tensor.name, shape: tensor.shape, buffer: values.buffer, offset: tensor.offset)
      },
      optimizer: (isSharedOut
        ? Array(collected.dropFirst())
        : optimizer.state.map { NamedTensor(name: $0.name, matrix: Self.copy($0.values)) })
        + trained(parameters, statistics),
      state: state(configuration: configuration, version: version, arithmetic: arithmetic),
      metadata: metadata.merging(classifierMetadata) { own, _ in own })
  }

  /// The names of the speakers in the order of the classifier, for a training that starts from this one.
  private var classifierMetadata: [String: String] {
    plan.objectives.classifier == nil ? [:] : StoredClassifier.metadata(speakers: plan.speakers)
  }

  private static func copy(_ row: Matrix, columns: Int? = nil) -> Matrix {
    let copy = Matrix(rows: 1, columns: columns ?? row.columns)
    copy.pointer.update(from: row.pointer, count: copy.count)
    return copy
  }

  /// Everything besides tensors that the steps to come depend on.
  private func state(configuration: String, version: String, arithmetic: Arithmetic?) -> TrainingState {
    let position = plan.batches.sampler.position(of: step)
    let recordings = batches.source.loader.augmentation.lists
    return TrainingState(
      step: step, stage: plan.stage.count > 1 ? plan.stage.number : nil, seed: plan.seed, configuration: configuration,
      corpus: plan.batches.corpus.contents.description,
      sampler: .init(epoch: position.epoch, index: position.index),
      augmentation: recordings.contents,
      replaced: batches.unreadable.map { plan.batches.corpus.utterances[$0].id },
      unreadableRecordings: batches.unreadableRecordings.map(recordings.name(of:)), rollbacks: batches.rollbacks,
      skipped: skipped, weighting: plan.weightCourse == WeightCourse() ? nil : solution,
      version: version, ranks: communicator.size, arithmetic: arithmetic?.checksums)
  }

  /// Goes on from a checkpoint.
  /// - Throws: `Failure(.badData)` that names the file and the tensor that does not fit, or the utterance that the
  ///   corpus does not have.
  package func restore(_ checkpoint: Checkpoint) throws {
    change(to: stage(of: checkpoint.state))
    let encoderFile = try checkpoint.encoder()
    for tensor in layout.parameters {
      try encoderFile.read(
        tensor.name, shape: tensor.wholeShape, from: tensor.wholeOffset, into: slice(parameters, tensor))
    }
    for tensor in encoder.layout.statistics.parameters {
      try encoderFile.read(tensor.name, shape: tensor.shape, into: slice(statistics, tensor))
    }
    let optimizerFile = try checkpoint.optimizer()
    for (name, values) in optimizer.state {
      // The classifier's tensor comes last, so that all others have their places whatever part of it is here.
      for tensor in layout.parameters {
        try optimizerFile.read(
          name, shape: [1, layout.wholeCount], from: tensor.offset + tensor.wholeOffset, into: slice(values, tensor))
      }
    }
    try takeUpAverage(optimizerFile)
    let replaced = try checkpoint.state.replaced.map { id in
      guard let index = plan.batches.corpus.utterance(named: id) else {
        throw Failure(.badData, "\(checkpoint.path): its utterance \(id) is not in the corpus; --restart starts over")
      }
      return index
    }
    batches.takeUpRecordings(
      unreadable: checkpoint.state.unreadableRecordings ?? [], contents: checkpoint.state.augmentation)
    batches.takeUp(unreadable: replaced)
    step = checkpoint.step
    batches.rollbacks = checkpoint.state.rollbacks
    skipped = checkpoint.state.skipped
    solution = try solution(of: checkpoint)
    optimizer.updates = step - skipped
  }

  /// The weights that the steps after a checkpoint go on with.
  private func solution(of checkpoint: Checkpoint) throws -> WeightSolution? {
    guard let solution = checkpoint.state.weighting else { return nil }
    let count = plan.objectives.names.count
    guard solution.weights.count == count, solution.present.count == count else {
      throw Failure(.badData, "\(checkpoint.path): its weights are not those of \(count) objectives")
    }
    return solution
  }

  /// Goes to a checkpoint's stage, and checks that the checkpoint's tensors are those of this trainer, by name and
  /// shape.
  /// - Throws: `Failure(.badData)` that names the file and the tensor.
  package func check(_ checkpoint: Checkpoint) throws {
    change(to: stage(of: checkpoint.state))
    let (encoderFile, optimizerFile) = (try checkpoint.encoder(), try checkpoint.optimizer())
    let tensors =
      (layout.parameters + encoder.layout.statistics.parameters).map { (encoderFile, $0.name, $0.wholeShape) }
      + optimizer.state.map { (optimizerFile, $0.name, [1, layout.wholeCount]) }
      + trainedTensors(in: optimizerFile).map { (optimizerFile, $0.name, [1, $0.values.count]) }
    for (file, name, shape) in tensors {
      let found = try file.shape(of: name)
      guard found == shape else {
        throw Failure(.badData, "\(file.path): tensor \(name) has shape \(found), \(shape) is expected")
      }
    }
  }

  /// Takes the trainer to the state before the first step, with an encoder that the training is to begin with.
  /// - Precondition: its tensors are those of the trainer's encoder.
  package func begin(with encoder: StoredEncoder) {
    start = encoder
    begin()
  }

  /// Takes the trainer to the state before the first step, with parameters drawn from the plan's seed, or those of the
  /// encoder that the training begins with.
  package func begin() {
    change(to: 0)
    for buffer in [parameters, statistics] + optimizer.state.map(\.values) {
      buffer.pointer.update(repeating: 0, count: buffer.count)
    }
    layout.initialise(parameters.pointer, seed: plan.seed)
    encoder.layout.statistics.initialise(statistics.pointer, seed: plan.seed)
    if let start {
      precondition(start.fits(encoder), "a training begins with an encoder of its own tensors")
      parameters.pointer.update(from: start.parameters.pointer, count: start.parameters.count)
      statistics.pointer.update(from: start.statistics.pointer, count: start.statistics.count)
      start.classifier?.keep(in: parameters, layout, speakers: plan.heldSpeakers)
    }
    batches.takeUp(unreadable: [])
    batches.unreadableRecordings = []
    step = 0
    skipped = 0
    solution = nil
    optimizer.updates = 0
    average?.copy(parameters, statistics)
  }

  private func slice(_ buffer: Matrix, _ tensor: Parameter) -> UnsafeMutableBufferPointer<Float> {
    UnsafeMutableBufferPointer(rebasing: buffer.elements[tensor.range])
  }

  /// Replaces running statistics that each rank kept of its own rows by their mean over ranks. This follows every step,
  /// so that they don't depend on when a run evaluates, saves or stops.
  /// - Parameter frozen: the places of those that the step left as they are; their mean could differ by rounding.
  func shareStatistics(except frozen: [Range<Int>]) {
    guard !plan.sharesBatchStatistics else { return }
    let kept = frozen.map { Array(statistics.elements[$0]) }
    communicator.sum(statistics)
    let size = Float(communicator.size)
    for index in statistics.elements.indices { statistics.elements[index] /= size }
    for (range, values) in zip(frozen, kept) { _ = statistics.elements[range].update(fromContentsOf: values) }
  }

  /// Whether all ranks hold the same parameters, by a checksum of their bits, but for those of which each rank holds a
  /// part.
  package var ranksAgree: Bool {
    let same = parameters.elements[..<(isSharedOut ? encoder.layout.parameters.count : parameters.count)]
    let bits = same.reduce(UInt64(14_695_981_039_346_656_037)) {
      ($0 ^ UInt64($1.bitPattern)) &* 1_099_511_628_211
    }
    // Halves of 32 bits are exact in double precision.
    let halves = [Double(bits >> 32), Double(bits & 0xffff_ffff)]
    return communicator.minimum(halves) == communicator.maximum(halves)
  }
}
