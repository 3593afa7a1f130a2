import ArgumentParser
import DistTrain

/// `svdist init`: a configuration to begin with, by the corpus and the machine.
struct InitCommand: EndableCommand {
  static let configuration = CommandConfiguration(
    commandName: "init",
    abstract: "Writes a configuration for a corpus and this machine, with the reason for each setting.",
    discussion: """
      svdist init data/ours/train --evaluation data/ours/evaluation --output ours.yaml

      It looks at the corpus's speakers, the number and the lengths of their utterances and the sampling rates of some \
      recordings, and at the cores and the memory of this machine. What it writes are the settings of the recipes in \
      configurations/ that are nearest: those of a short course for corpora of under 30 hours, and those for VoxCeleb, \
      stretched over the steps, for larger ones. They are a beginning and have not been tuned on the corpus.

      Each setting stands below a comment with its reason, and settings that stay open are comments themselves. The \
      first lines have the command that starts the training.
      """)

  @Argument(help: ArgumentHelp("The data directory to train on.", valueName: "corpus"))
  var corpus: String

  @Option(help: ArgumentHelp("A data directory of other speakers, to evaluate on.", valueName: "folder"))
  var evaluation: String?

  @Option(
    help: ArgumentHelp("Trials over it (default: the file trials in the folder of --evaluation).", valueName: "file"))
  var trials: String?

  @Option(name: .shortAndLong, help: ArgumentHelp("The file to write (default: standard output).", valueName: "file"))
  var output: String?

  @Option(help: ArgumentHelp("Ranks to train with (default: one for each core here).", valueName: "count"))
  var ranks: Int?

  @Option(
    help: ArgumentHelp(
      "The type of encoder: \(EncoderArchitecture.known.map(\.name).joined(separator: ", ")) (default: "
        + "\(EncoderArchitecture.known[0].name)).", valueName: "type"))
  var encoder: String?

  @Option(help: ArgumentHelp("The folder of MUSAN, to augment with.", valueName: "folder"))
  var musan: String?

  @Option(help: ArgumentHelp("A folder of room impulse responses, to augment with.", valueName: "folder"))
  var rooms: String?

  @OptionGroup var messages: MessageOptions

  func validate() throws {
    try OptionRange.check("--ranks", ranks, in: 1...65_536)
    if trials != nil, evaluation == nil {
      throw ValidationError("--trials are about the utterances of --evaluation: give both or neither")
    }
    let names: [(String, String?)] = [
      ("<corpus>", corpus), ("--evaluation", evaluation), ("--trials", trials), ("--output", output),
      ("--musan", musan),
      ("--rooms", rooms),
    ]
    if let empty = names.first(where: { $0.1 == "" }) {
      throw ValidationError("\(empty.0): the name is empty: give one")
    }
    if let encoder, architecture == nil {
      let names = EncoderArchitecture.known.map(\.name)
      throw ValidationError("--encoder \(encoder): one of \(names.joined(separator: ", ")) is expected".shown)
    }
  }

  private var architecture: EncoderArchitecture? {
    EncoderArchitecture.known.first { $0.name == encoder }
  }

  func run() throws {
    if let output { try Self.check(output) }
    let training = try Corpus.open(corpus)
    for line in training.losses(in: corpus) { messages.say("warning: \(line)") }
    var request = ConfigurationDraft.Request(train: corpus)
    request.heldOut = try evaluation.map { try heldOut($0, training) }
    (request.musan, request.rooms) = (musan, rooms)
    (request.encoder, request.ranks) = (architecture, ranks)
    let draft = try ConfigurationDraft(facts(training), .here(), memory: HostMemory.left(), request)
    // What training would refuse, such as a folder without recordings, is refused here.
    let plan = try TrainingPlan(draft.configuration, corpus: training)
    try TrainingPlan.checkFeatures(draft.configuration, ranks: draft.ranks)
    let text = draft.text(file: output, stepsPerEpoch: plan.batches.sampler.stepsPerEpoch)
    guard let output else { return print(text, terminator: "") }
    try AtomicFile.write(text, to: output)
    messages.say("configuration in \(output)")
  }

  /// - Throws: `Failure(.usage)` where the file is there already, or cannot be.
  private static func check(_ output: String) throws {
    try AtomicFile.check([output], for: "configuration") { _ in true }
    guard !FileSystem.exists(output), !FileSystem.isLink(output) else {
      throw Failure(
        .usage, "--output \(output): is there, and init replaces no file: choose another name, or remove it")
    }
  }

  private func facts(_ training: Corpus) -> CorpusFacts {
    var facts = CorpusFacts(training)
    let utterances = CorpusFacts.spread(training)
    let progress = messages.progress(count: utterances.count, things: "recordings looked at")
    facts.rates = CorpusFacts.rates(of: utterances, finished: { progress.advance() })
    progress.clear()
    return facts
  }

  /// The corpus to evaluate on.
  /// - Throws: `Failure` where it or its trials cannot be used, or where it has speakers or recordings of the one to
  ///   train on.
  private func heldOut(_ folder: String, _ training: Corpus) throws -> ConfigurationDraft.HeldOut {
    let list = trials ?? "\(folder.withoutEndingSlashes)/trials"
    guard FileSystem.isFolder(folder) else {
      throw Failure(
        .badData, "--evaluation \(folder): \(FileSystem.exists(folder) ? "is no folder" : "there is no such folder")")
    }
    guard trials != nil || FileSystem.exists(list) else {
      throw Failure(.usage, "--evaluation \(folder): has no file trials: name the list with --trials")
    }
    let evaluation = try HeldOutEvaluation(corpus: folder, trials: list)
    let overlap = CorpusOverlap(training: training, evaluation: evaluation.corpus) { [messages] count in
      let progress = messages.progress(count: count, things: "files of both corpora compared")
      return { progress.advance() }
    }
    if let shared = overlap.summary {
      throw Failure(
        .badData,
        "\(corpus) and \(folder) share \(shared): an error rate over them says nothing of other speakers; hold "
          + "speakers out with svdist prepare --hold-out")
    }
    return ConfigurationDraft.HeldOut(
      corpus: folder, trials: list, speakers: evaluation.corpus.speakers.count,
      utterances: evaluation.corpus.utterances.count, trialCount: evaluation.targets.count,
      targets: evaluation.targets.count(where: \.self))
  }
}
