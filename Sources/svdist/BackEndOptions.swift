import ArgumentParser
import DistTrain

/// The options for the back end that scores trials.
struct BackEndOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The back end, by svdist fit: its file, or with --encoder its name.", valueName: "file|name"))
  var backEnd: String?

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
    if allowOverlap, backEnd == nil { throw ValidationError("--allow-overlap: is for --back-end: give both") }
    if speakers != nil, backEnd == nil { throw ValidationError("--speakers: is for --back-end: give both") }
    if utt2dur != nil, backEnd == nil { throw ValidationError("--utt2dur: is for --back-end: give both") }
  }

  /// A back end that was read, with what is known beside it.
  struct Loaded {
    let backEnd: BackEnd
    /// The SHA-256 of its file.
    let identity: String
    /// The lengths of utterances, where they were given.
    var durations: UtteranceDurations?

    init(_ name: String, besideEncoder encoder: String?) throws {
      let path = try BackEndFile.path(name, besideEncoder: encoder)
      backEnd = try BackEndFile.read(path)
      identity = try InputFile(path: path).digest()
    }

    /// The origin of its scores of an encoder's embeddings.
    func origin(encoder: String?) -> ScoreOrigin {
      ScoreOrigin(kind: backEnd.words, encoder: encoder, backEnd: identity)
    }

    /// The scores of a list's trials, on every rank.
    func scores(
      of list: TrialList, _ embeddings: TrialEmbeddings, _ communicator: any Communicator, _ messages: MessageOptions
    ) throws -> [Float] {
      try backEnd.scores(
        of: list, embeddings, durations: durations, communicator: communicator,
        counting: messages.counting(communicator))
    }
  }

  /// The back end; nil where none is named.
  func read(besideEncoder encoder: String?) throws -> Loaded? {
    guard let backEnd else { return nil }
    var loaded = try Loaded(backEnd, besideEncoder: encoder)
    // What is wrong with the lengths should show before anything is embedded.
    if loaded.backEnd.takesDurations, utt2dur == nil {
      throw Failure(.usage, "--back-end \(backEnd): its calibration takes durations: give them by --utt2dur FILE")
    }
    loaded.durations = try utt2dur.map { try UtteranceDurations($0) }
    return loaded
  }

  func add(to inputs: inout InputPaths, besideEncoder encoder: String?) {
    inputs.add(backEnd.flatMap { try? BackEndFile.path($0, besideEncoder: encoder) }, "--back-end")
    inputs.add(speakers, "--speakers")
    inputs.add(["utt2spk"], in: speakers, "--speakers")
    inputs.add(utt2dur, "--utt2dur")
  }

  /// Checks that no speaker of some utterances is in the cohort, as far as that is known and not allowed.
  /// - Parameter corpus: the data directory of the utterances, which tells their speakers where --speakers does not; nil
  ///   where there is none.
  /// - Returns: a line about utterances whose speakers are not known; nil where there are none.
  /// - Throws: `Failure(.usage)` that names a speaker.
  func checkCohort(_ loaded: Loaded, _ utterances: [String], corpus: String? = nil) throws -> String? {
    guard !allowOverlap, let speakers = speakers ?? corpus else { return nil }
    return try loaded.backEnd.checkCohort(utterances, UtteranceSpeakers(speakers))
  }
}
