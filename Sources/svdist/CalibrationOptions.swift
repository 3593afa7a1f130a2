import ArgumentParser
import DistTrain

/// The options by which a back end is calibrated.
struct CalibrationOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("Calibrate on these trials, which have answers.", valueName: "file"))
  var calibration: String?

  @Option(
    help: ArgumentHelp("The embeddings of the calibration's trials, instead of the training set's.", valueName: "file"))
  var calibrationEmbeddings: String?

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "Measures of the trials that the calibration takes beside the score, each as its lesser and greater value, their "
        + "difference and their ratio: seconds of speech (at most 20), lengths of embeddings, means of the scores against "
        + "the cohort.",
      valueName: "measure"))
  var qualities: [QualityMeasure] = []

  @Option(help: ArgumentHelp("The lengths of the utterances in seconds, for durations.", valueName: "file"))
  var utt2dur: String?

  @Option(
    help: ArgumentHelp(
      "The prior probability of a target for which the calibration is fitted (default: 0.5, which is for Cllr).",
      valueName: "probability"), transform: OptionRange.decimal)
  var prior: Double?

  func validate() throws {
    try OptionRange.check("--prior", prior, in: 1e-6...(1 - 1e-6))
    let others = [
      ("--calibration-embeddings", calibrationEmbeddings != nil), ("--qualities", !qualities.isEmpty),
      ("--prior", prior != nil),
    ]
    if calibration == nil, let other = others.first(where: \.1) {
      throw ValidationError("\(other.0): is for --calibration TRIALS: give both")
    }
    guard Set(qualities).count == qualities.count else { throw ValidationError("--qualities: a measure comes twice") }
    guard qualities.contains(.durations) == (utt2dur != nil) else {
      throw ValidationError("--utt2dur FILE and --qualities durations go together")
    }
  }

  func add(to inputs: inout InputPaths) {
    inputs.add(calibration, "--calibration")
    inputs.add(calibrationEmbeddings, "--calibration-embeddings")
    inputs.add(utt2dur, "--utt2dur")
  }

  /// The back end with its calibration, where one is asked for.
  /// - Parameter own: the embeddings of the training set.
  func calibrated(_ backEnd: BackEnd, by own: Embeddings, _ messages: MessageOptions) throws -> BackEnd {
    guard let calibration else { return backEnd }
    let list = try TrialList.read(calibration)
    messages.note(list.repetitions)
    let embeddings =
      try calibrationEmbeddings.map { try FitCommand.read($0, "--calibration-embeddings", like: own, messages) } ?? own
    return try backEnd.calibrated(
      on: list, TrialEmbeddings(embeddings), prior: prior ?? 0.5, qualities: qualities,
      durations: utt2dur.map { try UtteranceDurations($0) }, counting: messages.counting())
  }
}
