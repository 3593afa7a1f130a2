/// A configuration for a corpus and a machine, with the reason for each of its settings.
///
/// The values are those of the recipes in `configurations/`. Corpora of under `ConfigurationDraft.smallHours` hours get
/// the short course of `speechocean-ecapa.yaml`, the others the one of `voxceleb1-ecapa.yaml`, stretched over their
/// steps.
package struct ConfigurationDraft: Sendable {
  /// What the user has decided already.
  package struct Request: Sendable {
    /// The data directory to train on.
    package var train: String
    package var heldOut: HeldOut?
    /// The folder of MUSAN, and that of room impulse responses.
    package var musan: String?
    package var rooms: String?
    package var encoder: EncoderArchitecture?
    package var ranks: Int?

    package init(train: String) {
      self.train = train
    }
  }

  /// The corpus that a run is evaluated on.
  package struct HeldOut: Sendable {
    package var corpus: String
    package var trials: String
    package var speakers: Int
    package var utterances: Int
    package var trialCount: Int
    package var targets: Int

    package init(corpus: String, trials: String, speakers: Int, utterances: Int, trialCount: Int, targets: Int) {
      (self.corpus, self.trials) = (corpus, trials)
      (self.speakers, self.utterances) = (speakers, utterances)
      (self.trialCount, self.targets) = (trialCount, targets)
    }
  }

  /// A setting as a line of the file, with what it would be good for. It stands there as a comment.
  package struct Hint: Sendable, Equatable {
    package let line: String
    package let reason: String
  }

  /// The hours of speech from which on a corpus gets the long course: midway, by ratio, between the 2.8 of
  /// speechocean762's train part and the 340 of VoxCeleb1's dev part.
  package static let smallHours = 30.0
  /// The rows of a batch that the recipes' learning rates belong to.
  static let usualRows = 64
  /// How often a training draws as much speech as the corpus has: on VoxCeleb1's dev part that makes the 150,000 steps
  /// of its recipes, on speechocean762's train part about the 600 of its own.
  static let passes = 8.0
  /// The allowed numbers of steps: the fewest are those of `demo.yaml`, the most those of the recipes for VoxCeleb2.
  static let steps = 300...600_000
  /// The number of speakers above which ranks share their prototypes out.
  static let mostWholeSpeakers = 50_000

  package internal(set) var configuration = Configuration()
  /// The number of ranks to start.
  package internal(set) var ranks = 1
  /// The reason for each setting that the file names, by its key.
  package internal(set) var reasons: [String: String] = [:]
  package internal(set) var hints: [Hint] = []
  let corpus: CorpusFacts
  let request: Request
  /// The cores that this process may use.
  let cores: Int
  /// The bytes of memory that this process may still take; nil where nothing says so.
  let memory: Int?

  /// - Parameter memory: the bytes of memory that this process may still take; nil where nothing says so.
  /// - Throws: `Failure(.badData)` for a corpus that nothing can be learnt from, `Failure(.usage)` for more ranks than
  ///   its largest batch has rows.
  package init(_ corpus: CorpusFacts, _ machine: MachineFacts, memory: Int?, _ request: Request) throws {
    try Self.check(corpus, in: request.train)
    (self.corpus, self.request, self.memory) = (corpus, request, memory)
    cores = HostFacts(ranks: [machine], threads: nil).threads[0]
    chooseCorpora()
    chooseCrop()
    try chooseBatch()
    chooseAugmentation()
    chooseEncoder()
    chooseClassifier()
    if isSmall { chooseShortCourse() } else { chooseLongCourse() }
    chooseIntervals()
    chooseRanks()
    addHints(hasBfloat16: machine.hasBfloat16)
    try configuration.validate()
  }

  var isSmall: Bool { corpus.hours < Self.smallHours }

  /// - Throws: `Failure(.badData)` for a corpus of one speaker, or of one utterance for each.
  private static func check(_ corpus: CorpusFacts, in path: String) throws {
    guard corpus.speakers >= 2 else {
      throw Failure(
        .badData,
        "\(path): \(corpus.speakers == 1 ? "all utterances are of one speaker" : "there are no utterances"), where "
          + "training tells at least 2 speakers apart: is the second field of utt2spk the speaker? svdist prepare "
          + "writes it")
    }
    guard corpus.speakersOfOne < corpus.speakers else {
      throw Failure(
        .badData,
        "\(path): each of the \(corpus.speakers.counted("speaker")) has one utterance, where training needs several "
          + "of a voice: is the second field of utt2spk the speaker, and not the utterance?")
    }
  }

  private mutating func chooseCorpora() {
    configuration.corpus.train = request.train
    let counts = corpus.utterancesOfSpeakers
    reasons["corpus.train"] =
      "\(corpus.speakers.counted("speaker")) with "
      + (counts[0] == counts[counts.count - 1] ? "" : "\(counts[0]) to ")
      + "\(counts[counts.count - 1].counted("utterance")) of "
      + (corpus.shortest == corpus.longest ? "" : "\(Self.text(corpus.shortest)) to ")
      + "\(Self.text(corpus.longest)) s, \(amount) in all"
    guard let heldOut = request.heldOut else { return }
    configuration.corpus.evaluation = heldOut.corpus
    reasons["corpus.evaluation"] =
      "\(heldOut.speakers) other speakers with \(heldOut.utterances.counted("utterance")), by which the run is judged "
      + "on its way"
    configuration.corpus.trials = heldOut.trials
    reasons["corpus.trials"] =
      "\(heldOut.trialCount.counted("trial")), \(heldOut.targets) of them targets: the log shows their EER and minDCF"
  }

  private mutating func chooseCrop() {
    let usual = configuration.crop.seconds
    let median = "the middle utterance lasts \(Self.text(corpus.median)) s"
    guard corpus.median < usual else {
      reasons["crop.seconds"] = "\(median), so that the recipes' \(Self.text(usual)) s fit into it"
      return
    }
    // Crops of whole tenths, and none shorter than half a second, in which hardly a syllable fits.
    configuration.crop.seconds = max(0.5, (corpus.median * 10).rounded(.down) / 10)
    reasons["crop.seconds"] = "\(median): it would be repeated to fill the recipes' \(Self.text(usual)) s"
  }

  /// The length of the whole corpus in words.
  var amount: String {
    let hours = corpus.hours
    return hours < 0.1 ? "\(Self.text(60 * hours)) minutes" : "\(Self.text(hours)) hours"
  }

  /// A number of at most two decimals below 10, one below 1000, and none above.
  static func text(_ value: Double) -> String {
    let factor = value < 10 ? 100.0 : value < 1000 ? 10.0 : 1
    return ((value * factor).rounded() / factor).yaml
  }

  /// The number with two significant digits.
  static func rounded(_ value: Int) -> Int {
    var unit = 1
    while value / unit >= 100 { unit *= 10 }
    return (value + unit / 2) / unit * unit
  }
}
