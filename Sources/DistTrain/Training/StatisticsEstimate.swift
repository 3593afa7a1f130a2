/// Estimates the running statistics of an encoder whose parameters no step of a training had, such as a mean of
/// several, on batches of that training, as `update_bn` of PyTorch's `torch.optim.swa_utils` does (Izmailov et al.
/// 2018, section 3.2).
///
/// Each micro-batch is normalised by its own statistics. A running mean is the mean of their means, and a running
/// variance that of their unbiased variances. Rows are cropped, dithered and augmented as in training, because
/// `update_bn` is given the training's own loader. Products are in single precision, as embeddings have them. What the
/// training held frozen keeps its statistics. The result has the same bits on any number of ranks, unless these keep
/// batch statistics of their own.
package struct StatisticsEstimate {
  private let encoder: any Encoder
  /// The plan of the stage whose batches are taken.
  package let plan: TrainingPlan
  /// The steps whose batches are taken.
  package let steps: Range<Int>
  private let frozen: GroupedParameters.Frozen
  private let communicator: any Communicator
  private let stream: BatchStream

  /// - Parameters:
  ///   - first: the plan of the training's first stage, with those of the others.
  ///   - state: the state of the checkpoint that says the stage, and what is frozen. The batches are the first ones of
  ///     that stage.
  ///   - most: the largest number of batches. No more than an epoch's are taken.
  package init(
    of encoder: any Encoder, _ first: TrainingPlan, at state: TrainingState, batches most: Int,
    communicator: any Communicator
  ) {
    let stages = [first] + first.later
    let index = TrainingPlan.index(of: state, among: stages)
    var plan = stages[index]
    plan.precision = .single
    let beginning = plan.stage.steps.lowerBound
    (self.encoder, self.plan, self.communicator) = (encoder, plan, communicator)
    frozen = GroupedParameters(
      plan.groups, plan.layout(of: encoder), encoder: encoder.layout,
      after: stages[..<index].map { ($0.groups, $0.stage.steps.count) }
    ).frozen(at: max(state.step - 1, beginning))
    steps = beginning..<beginning + min(most, plan.batches.sampler.stepsPerEpoch)
    stream = BatchStream(plan.batches, steps: steps.upperBound, communicator: communicator)
    stream.takeUpRecordings(unreadable: state.unreadableRecordings ?? [], contents: state.augmentation)
    stream.takeUp(unreadable: [])
  }

  /// Whether no running statistics are to be estimated: the encoder has none, or all of them are frozen.
  package var isEmpty: Bool { frozen.statistics.count == encoder.layout.statistics.parameters.count }

  /// The numbers of utterances, and of recordings to augment with, that could not be read so far.
  package var unreadable: (utterances: Int, recordings: Int) {
    (stream.unreadable.count, stream.unreadableRecordings.count)
  }

  /// Estimates the running statistics. All ranks call this together.
  /// - Parameters:
  ///   - parameters: a flat matrix that begins with the encoder's parameters.
  ///   - statistics: a flat matrix of the encoder's running statistics, of which those of frozen parts are taken.
  ///   - progress: is called after each batch.
  /// - Returns: the estimated statistics, in one row.
  /// - Throws: `AgreedFailure` where a rank cannot load its rows, or the statistics are not finite.
  package func statistics(_ parameters: Matrix, _ statistics: Matrix, progress: () -> Void = {}) throws -> Matrix {
    let own = Matrix(rows: 1, columns: statistics.columns)
    var sums = [Double](repeating: 0, count: statistics.columns)
    var count = 0
    for step in steps {
      let batch = try stream.batch(step: step)
      for pass in passes(parameters, batch.cut) {
        own.pointer.update(from: statistics.pointer, count: statistics.count)
        let features = pass.rows.columns(of: batch.features, rows: batch.cut.rows(of: communicator.rank).count)
        _ = encoder.encode(
          features, utterances: pass.rows.utterances, pass.forward(own, momentum: 1, keepsCaches: false))
        for index in sums.indices { sums[index] += Double(own.elements[index]) }
        count += 1
      }
      progress()
    }
    BufferPool.shared.trim()
    return try mean(sums, of: count)
  }

  private func passes(_ parameters: Matrix, _ cut: BatchCut) -> [BatchPass] {
    cut.microBatches(plan.microBatches, of: communicator.rank).map {
      BatchPass(parameters, $0, plan, frozen: frozen, communicator: communicator, clock: StepClock())
    }
  }

  /// The mean over micro-batches, and over ranks where each kept the statistics of its own rows. Of frozen statistics
  /// all are equal, and sums of equal floats are exact in double precision.
  private func mean(_ sums: [Double], of passes: Int) throws -> Matrix {
    var (sums, count) = (sums, Double(passes))
    if !plan.sharesBatchStatistics {
      communicator.sum(&sums)
      count *= Double(communicator.size)
    }
    let result = Matrix(rows: 1, columns: sums.count)
    for (index, sum) in sums.enumerated() { result.elements[index] = Float(sum / count) }
    try communicator.agree {
      guard result.elements.allSatisfy(\.isFinite) else {
        throw Failure(.badData, "the encoder's batch statistics are not finite: are its parameters damaged?")
      }
    }
    return result
  }

  /// The bytes of memory that this rank will take beyond those that it holds: a forward pass, as a rehearsal on one
  /// utterance shows it, and the features of its batch and of those that are loaded ahead.
  /// - Parameter parameters: a flat matrix that begins with the encoder's parameters.
  package func memoryAhead(_ parameters: Matrix) -> Int {
    let cut = stream.cut(rows: plan.batches.sampler.rows)
    let rows = cut.rows(of: communicator.rank).count
    let most = cut.microBatches(plan.microBatches, of: communicator.rank).map(\.utterances).max() ?? rows
    let frames = plan.batches.loader.frames(seconds: plan.batches.cropLengths.longest)
    let scratch = Matrix.zeros(rows: 1, columns: encoder.layout.statistics.count)
    let pass = encoder.memory(utterances: most, frames: frames) { features in
      _ = encoder.encode(
        features, utterances: 1,
        ForwardPass(mode: .training, parameters: parameters, statistics: scratch, keepsCaches: false))
    }
    let held = (1 + BatchReader.depth) * rows + (most < rows ? most : 0)
    return pass + held * frames * encoder.bins * MemoryLayout<Float>.stride
  }
}
