/// The way from one stage of a training to the next.
///
/// The parameters, what the optimiser remembers of them, the running statistics and the average stay as they are. What
/// changes is made anew: batches, objectives, schedules, groups and, where speakers are left out, the classifier. All
/// ranks do the same at the same step.
extension Trainer {
  /// The parts of the training in the current stage.
  public var plan: TrainingPlan { stages[stage] }

  /// Goes on to the next stage if the steps of this one are done.
  func goOn() {
    guard step >= plan.stage.steps.upperBound, stage + 1 < stages.count else { return }
    let before = (plan: plan, layout: layout, parameters: parameters, state: optimizer.state)
    change(to: stage + 1)
    carry(before.parameters, of: before.plan, before.layout, to: parameters)
    for (old, new) in zip(before.state, optimizer.state) {
      carry(old.values, of: before.plan, before.layout, to: new.values)
    }
    optimizer.updates = step - skipped
  }

  /// Notes on what the settings of all stages made of the corpus, a line each.
  package var notes: [String] { stages.flatMap(\.notes) }

  /// The plan of a checkpoint's stage.
  package func plan(of state: TrainingState) -> TrainingPlan { stages[stage(of: state)] }

  /// The stage of a checkpoint.
  func stage(of state: TrainingState) -> Int { TrainingPlan.index(of: state, among: stages) }

  /// Makes the parts of a stage, whose numbers are still to be set.
  func change(to stage: Int) {
    guard stage != self.stage else { return }
    self.stage = stage
    solution = nil
    batches.goOver(to: plan.batches, steps: plan.stage.steps.upperBound)
    layout = plan.layout(of: encoder)
    parameters = Matrix.zeros(rows: 1, columns: layout.count)
    optimizer = plan.optimizer(layout)
    gradients = plan.gradients(layout, of: encoder, communicator)
    groups = GroupedParameters(
      plan.groups, layout, encoder: encoder.layout, after: stages[..<stage].map { ($0.groups, $0.stage.steps.count) })
  }

  /// Copies numbers of the stage before to their places in this one, those of prototypes by their speakers' names.
  private func carry(_ old: Matrix, of plan: TrainingPlan, _ layout: ParameterLayout, to new: Matrix) {
    for tensor in self.layout.parameters {
      guard let before = layout.parameters.first(where: { $0.name == tensor.name }) else { continue }
      let (source, target) = (old.pointer + before.offset, new.pointer + tensor.offset)
      if tensor.name == PrototypeClassifier.tensor {
        carryPrototypes(source, of: plan, width: before.wholeShape.reduce(1, *) / plan.speakers.count, to: target)
      } else if tensor.shape == before.shape {
        target.update(from: source, count: tensor.count)
      }
    }
  }
}

extension Trainer {
  /// Copies the prototypes of the stage before to the places of speakers of the same names. Where ranks share them, all
  /// ranks see them piece by piece.
  private func carryPrototypes(
    _ source: UnsafePointer<Float>, of plan: TrainingPlan, width: Int, to target: UnsafeMutablePointer<Float>
  ) {
    let own = self.plan.heldSpeakers
    guard let pieces = plan.objectives.pieces else {
      return SpeakerRows(plan.speakers, width: width).copy(source, to: target, speakers: own)
    }
    for holder in 0..<pieces.holders {
      for piece in pieces.pieces(of: holder) {
        let speakers = pieces.speakers(of: piece)
        let rows = Matrix(rows: speakers.count, columns: width)
        if holder == pieces.holder {
          let place = speakers.lowerBound - pieces.speakers(of: pieces.own).lowerBound
          rows.pointer.update(from: source + place * width, count: rows.count)
        }
        communicator.broadcast(rows, from: holder)
        SpeakerRows(Array(plan.speakers[speakers]), width: width).copy(rows.pointer, to: target, speakers: own)
      }
    }
  }
}

extension TrainingPlan {
  /// The names of the speakers to tell apart, in the order of the classifier.
  var speakers: [String] { batches.corpus.speakers }

  /// Those of them whose prototypes this rank holds.
  var heldSpeakers: [String] { objectives.pieces.map { Array(speakers[$0.speakers(of: $0.own)]) } ?? speakers }

  /// The plan with the part of the classifier that a rank holds.
  func held(by communicator: any Communicator) -> TrainingPlan {
    var plan = self
    plan.objectives = objectives.held(by: communicator)
    return plan
  }

  /// The stage that a checkpoint names, or that of its last step: a run may have had other stages, or none. At a border
  /// both stages are possible, because a step that could not begin has its checkpoint too.
  /// - Parameter stages: the plans of all stages.
  static func index(of state: TrainingState, among stages: [TrainingPlan]) -> Int {
    let named = (state.stage ?? 0) - 1
    if stages.indices.contains(named) {
      let steps = stages[named].stage.steps
      if (steps.lowerBound...steps.upperBound).contains(state.step) { return named }
    }
    return stages.firstIndex { state.step <= $0.stage.steps.upperBound } ?? stages.count - 1
  }

  /// The layout of the encoder's parameters, followed by the classifier's.
  func layout(of encoder: any Encoder) -> ParameterLayout {
    var layout = encoder.layout.parameters
    for one in objectives.classifier?.layout(dimensions: encoder.dimensions).parameters ?? [] {
      _ = layout.add(
        one.name, shape: one.shape, initialisation: one.initialisation, decays: one.decays, stretch: one.stretch)
    }
    return layout
  }

  /// Buffers for the gradients of a rank.
  func gradients(_ layout: ParameterLayout, of encoder: any Encoder, _ communicator: any Communicator) -> GradientSet {
    let cut = BatchCut(rows: batches.sampler.rows, unit: batches.unit, ranks: communicator.size)
    let parts = cut.microBatches(1, of: communicator.rank) + cut.microBatches(microBatches, of: communicator.rank)
    return GradientSet(
      layout, encoder: encoder.layout.parameters.count, count: weighting.buffers(of: objectives.all.count),
      nodes: parts.map(\.units.nodes.count).max() ?? 1, accumulates: microBatches > 1,
      sumsClassifier: objectives.pieces == nil)
  }
}
