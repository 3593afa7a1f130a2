import DistTrain

// Trains an encoder of one's own with a loss of one's own beside the two of svdist, on any number of ranks:
//
//   mpirun -np 2 .build/release/own-encoder DATA-DIRECTORY

/// A convolution over frames, normalised, pooled by an attention over them and mapped to an embedding.
struct SmallEncoder: Encoder {
  let layout: EncoderLayout
  let bins = 40
  let dimensions = 32
  let convolution: Convolution1D
  let normalization: BatchNormalization
  let pooling: NormalizedAttentionPooling
  let output: Linear

  init() {
    var layout = EncoderLayout()
    convolution = Convolution1D("conv", inputs: bins, outputs: 64, kernel: 5, padding: .reflection, layout: &layout)
    normalization = BatchNormalization("norm", channels: 64, layout: &layout)
    pooling = NormalizedAttentionPooling("pool", channels: 64, bottleneck: 16, globalContext: true, layout: &layout)
    output = Linear("output", inputs: 128, outputs: dimensions, layout: &layout)
    self.layout = layout
  }

  var minimumFrames: Int { convolution.minimumFrames }

  func encode(_ features: Matrix, utterances: Int, _ pass: ForwardPass) -> (embeddings: Matrix, pullback: Pullback) {
    let grid = Grid(utterances: utterances, frames: features.columns / utterances)
    let (convolved, throughConvolution) = convolution.apply(AffineView(features.view), grid, pass)
    let (normalized, throughNormalization) = normalization.apply(convolved, grid, pass)
    let (pooled, throughPooling) = pooling.apply(normalized, grid, pass)
    let (embeddings, throughOutput) = output.apply(pooled, grid.pooled, pass)
    let pullback = Pullback(layout) { gradient, pass in
      let pooled = throughOutput(gradient.view, pass)
      let normalized = throughPooling(pooled.view, pass)
      let convolved = throughNormalization(normalized.view, pass)
      _ = throughConvolution(convolved.view, pass)
    }
    return (embeddings.stored().transposed, pullback)
  }
}

/// Draws the embeddings of a speaker together: the mean over the rows of a batch of 1 − cos, averaged over the other
/// rows of the row's speaker.
struct Attraction: Objective {
  let name = "attraction"

  func evaluate(_ batch: ObjectiveBatch) -> ObjectiveValue {
    let rows = batch.embeddings
    let gradient = Matrix.zeros(rows: batch.own.count, columns: rows.columns)
    let losses = batch.own.enumerated().map { place, row in
      let others = batch.speakers.indices.filter { $0 != row && batch.speakers[$0] == batch.speakers[row] }
      let weight = 1 / Double(batch.speakers.count * max(others.count, 1))
      return others.reduce(0.0) { loss, other in
        let cosine = (0..<rows.columns).reduce(0.0) { $0 + Double(rows[row, $1]) * Double(rows[other, $1]) }
        // Twice, since the other row's loss has this row's embedding in it.
        for column in 0..<rows.columns { gradient[place, column] -= Float(2 * weight) * rows[other, column] }
        return loss + weight * (1 - cosine)
      }
    }
    return ObjectiveValue(losses: losses, gradient: gradient, terms: batch.speakers.count)
  }
}

Job.run { communicator in
  let configuration = try Configuration.load(
    file: nil,
    overrides: [
      "corpus.train=\(CommandLine.arguments.dropFirst().first ?? "data")", "features.bins=40", "crop.seconds=1",
      "batch.speakers=4", "training.steps=20",
    ])
  var plan = try communicator.agree { try TrainingPlan(configuration) }
  plan.objectives = BatchObjectives(plan.objectives.all + [Attraction()], classifier: plan.objectives.classifier)
  let trainer = Trainer(encoder: SmallEncoder(), plan: plan, communicator: communicator)
  for _ in 0..<plan.steps {
    let metrics = try trainer.advance().metrics
    let losses = metrics.objectives.map { "\($0.name) \($0.loss) weighted \($0.weight)" }
    if communicator.rank == 0 { print("step \(metrics.step): \(losses.joined(separator: ", "))") }
  }
  return 0
}
