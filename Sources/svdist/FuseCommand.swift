import ArgumentParser
import DistTrain

/// `svdist fuse`: the scores of several systems as one.
struct FuseCommand: EndableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fuse",
    abstract: "Fuses the scores of several systems, or calibrates those of one.",
    discussion: """
      Fits an offset and a weight for each system to scores with answers (--by), by logistic regression, and applies them \
      to other scores of the same systems in the same order. The results are natural log-likelihood ratios.

        svdist fuse a.eval b.eval --by a.dev b.dev --scores fused.eval
      """)

  @Argument(help: ArgumentHelp("The scores of the trials, one file a system.", valueName: "scores"))
  var systems: [String]

  @Option(
    name: .customLong("by"), parsing: .upToNextOption,
    help: ArgumentHelp("The same systems' scores of other trials, with answers.", valueName: "scores"))
  var references: [String]

  @Option(
    help: ArgumentHelp(
      "The prior probability of a target for which the fusion is fitted (default: 0.5).",
      valueName: "probability"), transform: OptionRange.decimal)
  var prior: Double?

  @Option(help: ArgumentHelp("Write the fused scores here.", valueName: "file"))
  var scores: String?

  @OptionGroup var messages: MessageOptions

  /// No encoder makes such scores by itself.
  private static let origin = ScoreOrigin(kind: "fusion", encoder: nil)

  func validate() throws {
    try OptionRange.check("--prior", prior, in: 1e-6...(1 - 1e-6))
    guard !systems.isEmpty, references.count == systems.count else {
      throw ValidationError(
        "--by: \(systems.count.counted("file")) \(systems.count.ifOne("is", "are")) fused: give as many here, in the "
          + "same order"
      )
    }
  }

  func run() throws {
    if let scores {
      var inputs = InputPaths()
      for path in systems { inputs.add(path, "svdist fuse") }
      for path in references { inputs.add(path, "--by") }
      for place in TrialScorer.places(of: scores) { try inputs.refuse(place, as: "--scores") }
      try TrialScorer.check(scores)
    }
    let reference = try SystemScores(references, counting: messages.counting())
    let fusion = try reference.fusion(prior: prior ?? 0.5)
    let own = try SystemScores(systems, counting: messages.counting())
    messages.note(reference.list.repetitions, own.list.repetitions)
    guard !own.list.isBlind || scores != nil else {
      throw Failure(.usage, "\(systems[0]): the scores have no answers: give --scores FILE for the fused ones")
    }
    if !own.list.isBlind { try own.list.checkBothKinds() }
    let fused = own.fused(by: fusion, counting: messages.counting())
    let terms = zip(fusion.weights, systems).map { "\($0) · \($1)" }
    print("\(fusion.offset) + \(terms.joined(separator: " + "))".shown)
    if own.list.isBlind {
      print("\(fused.count.counted("trial")) without answers fused")
    } else {
      print("fused  \(try DetectionMetrics(scores: fused, targets: own.list.targets).summary)")
    }
    if let scores { try TrialScorer.write(fused, of: own.list, to: scores, origin: Self.origin) }
  }
}
