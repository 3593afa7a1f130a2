import DistTrain

// Trains ECAPA-TDNN by the settings of a file, then scores trials with it, on any number of ranks:
//
//   mpirun -np 2 .build/release/train-from-swift CONFIGURATION [KEY=VALUE…]
//
// The settings name the corpus to train on, and the corpus and trials to evaluate on. Nothing is written; `svdist` itself
// keeps a run folder with checkpoints.

Job.run { communicator in
  let arguments = CommandLine.arguments.dropFirst()
  let configuration = try communicator.agree {
    try Configuration.load(file: arguments.first, overrides: Array(arguments.dropFirst()))
  }
  let plan = try communicator.agree { try TrainingPlan(configuration) }
  let trainer = Trainer(encoder: configuration.network, plan: plan, communicator: communicator)
  while trainer.step < plan.steps {
    let metrics = try trainer.advance().metrics
    guard communicator.rank == 0 else { continue }
    print("step \(metrics.step): classification \(metrics["classification"].loss), α \(metrics.alpha)")
  }

  guard let corpus = configuration.corpus.evaluation, let list = configuration.corpus.trials else { return 0 }
  let extractor = EmbeddingExtractor(
    encoder: trainer.encoder, frontEnd: configuration.features, parameters: trainer.parameters,
    statistics: trainer.statistics)
  let utterances = try communicator.agree { try Corpus.open(corpus).utterances }
  let trials = try communicator.agree { try TrialList.read(list) }
  let embeddings = try extractor.embeddings(of: utterances, communicator: communicator)
  let scores = try TrialScorer(embeddings).scores(of: trials)
  let metrics = try DetectionMetrics(scores: scores, targets: trials.targets)
  if communicator.rank == 0 { print(metrics.summary) }
  return 0
}
