import ArgumentParser
import DistTrain

/// The options for the back end that scores trials.
struct BackEndOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The back end, by svdist fit: its file, or with --encoder its name.", valueName: "file|name"))
  var backEnd: String

  @Option(
    help: ArgumentHelp(
      "The speakers of the trials' utterances (utt2spk or a data directory): none of them may be in the back end's "
        + "cohort.",
      valueName: "file|folder"))
  var speakers: String?

  @Flag(help: "Score trials of speakers that are in the back end's cohort, too.")
  var allowOverlap = false

  @Option(
    help: ArgumentHelp("The lengths of the utterances in seconds, for a calibration with durations.", valueName: "file")
  )
  var utt2dur: String?

  func validate() throws {
    if allowOverlap, speakers == nil { throw ValidationError("--allow-overlap: is for --speakers: give both") }
  }

  func path(besideEncoder encoder: String?) throws -> String {
    try BackEndFile.path(backEnd, besideEncoder: encoder)
  }

  func add(to inputs: inout InputPaths) {
    inputs.add(speakers, "--speakers")
    inputs.add(["utt2spk"], in: speakers, "--speakers")
    inputs.add(utt2dur, "--utt2dur")
  }

  /// The scores of a list's trials.
  /// - Throws: `Failure(.usage)` where the cohort has a speaker of the trials.
  func scores(_ loaded: BackEnd, _ list: TrialList, _ embeddings: TrialEmbeddings) throws -> [Float] {
    if let speakers, !allowOverlap { try loaded.checkCohort(embeddings, of: list, UtteranceSpeakers(speakers)) }
    return try loaded.scores(of: list, embeddings, durations: utt2dur.map { try UtteranceDurations($0) })
  }
}
