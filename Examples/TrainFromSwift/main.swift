import DistTrain

// Trains ECAPA-TDNN by the settings of a file, on any number of ranks:
//
//   mpirun -np 2 .build/release/train-from-swift CONFIGURATION [KEY=VALUE…]
//
// The settings name the corpus. Nothing is written; `svdist` itself keeps a run folder with checkpoints.

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
  return 0
}
