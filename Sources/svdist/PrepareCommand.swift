import ArgumentParser
import DistTrain
import Foundation

/// `svdist prepare`: recordings in, data directories out.
struct PrepareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "prepare",
    abstract: "Opens every recording of a corpus and writes the lists that training and evaluation read.",
    discussion: """
      SOURCE is a folder tree speaker/…/file, a Kaldi data directory (wav.scp, utt2spk, perhaps segments), or VoxCeleb \
      (idXXXXX/video/00001.wav, perhaps below wav/). Files that end in .wav, .flac, .ogg, .opus or .mp3 are taken.

      The output is a Kaldi-style data directory (wav.scp, utt2spk, spk2utt, utt2dur, and segments where the source has \
      them) plus left-out.tsv, which says what was left out and why. With held-out speakers it has two of them, train and \
      evaluation, and the trial list evaluation/trials.

      Examples:
        svdist prepare recordings --output data/ours
        svdist prepare recordings --output data/ours --hold-out 20 --trials 10000
        svdist prepare vox1/test --output data/vox1-o --layout voxceleb
      """)

  @Argument(help: "The folder that holds the recordings or their lists.")
  var source: String

  @Option(name: .shortAndLong, help: "The folder to write.")
  var output: String

  @Option(help: "folders, kaldi or voxceleb. (default: what the source looks like)")
  var layout: CorpusLayout?

  @Option(help: ArgumentHelp("Leave out what is shorter.", valueName: "seconds"))
  var minimumSeconds = 0.5

  @Option(help: ArgumentHelp("Leave out speakers with fewer usable utterances.", valueName: "count"))
  var minimumUtterances = 1

  @Option(help: ArgumentHelp("Hold out this many speakers, drawn at random, for evaluation.", valueName: "speakers"))
  var holdOut: Int?

  @Option(help: ArgumentHelp("Hold out the speakers that a file lists, one a line.", valueName: "file"))
  var evaluationSpeakers: String?

  @Option(
    help: ArgumentHelp(
      "Write a trial list of this length, half of it targets where possible; without held-out speakers, over all. "
        + "(default: 20000 or fewer over held-out speakers)", valueName: "count"))
  var trials: Int?

  @Option(help: "What the draws of speakers and trials depend on.")
  var seed: UInt64 = 1

  @Flag(help: "Write paths relative to the lists instead of absolute ones, so that both can be moved together.")
  var relative = false

  @Flag(help: "Replace the output of an earlier svdist prepare.")
  var overwrite = false

  func validate() throws {
    if minimumSeconds < 0 || !minimumSeconds.isFinite {
      throw ValidationError("--minimum-seconds \(minimumSeconds): give 0 or more seconds")
    }
    if holdOut != nil, evaluationSpeakers != nil {
      throw ValidationError("--hold-out draws the speakers that --evaluation-speakers lists: give one of the two")
    }
  }

  func run() throws {
    _ = try WholeFolder.check(output, replacing: overwrite ? PreparedCorpus.names : nil)
    let source = try CorpusSource(source, layout: layout)
    let progress = FileProgress(count: source.utterances.count)
    let preparation = CorpusPreparation(
      source, minimumSeconds: minimumSeconds, minimumUtterances: minimumUtterances, finished: { progress.advance() })
    progress.clear()
    let prepared = try PreparedCorpus(
      preparation,
      heldOut: { corpus in
        if let holdOut { return try HoldOut.draw(holdOut, from: corpus, seed: seed) }
        return try evaluationSpeakers.map { try HoldOut.read($0, corpus: corpus) }
      }, trials: trials, seed: seed)
    try prepared.write(output, relativePaths: relative, overwrite: overwrite)
    summarise(source, preparation, prepared)
  }

  private func summarise(_ source: CorpusSource, _ preparation: CorpusPreparation, _ prepared: PreparedCorpus) {
    let found = source.utterances.count + source.leftOut.count
    print("\(self.source) (layout: \(source.layout)): \(found) utterances found")
    if !preparation.leftOut.isEmpty {
      print("\(preparation.leftOut.count) left out, listed in \(output)/\(PreparedCorpus.leftOutName):")
      for (kind, count) in preparation.leftOutByKind { print("  \(count): \(kind)") }
    }
    for part in prepared.parts {
      let corpus = part.corpus
      let hours = corpus.utterances.reduce(0) { $0 + $1.seconds } / 3600
      print(
        "\(part.name.isEmpty ? output : "\(output)/\(part.name)"): \(corpus.speakers.count) speakers, "
          + "\(corpus.utterances.count) utterances, \(String(format: "%.2f", hours)) h")
      if let draw = part.trials {
        let targets = draw.trials.count { $0.isTarget }
        print("  trials: \(draw.trials.count), \(targets) target and \(draw.trials.count - targets) nontarget")
      }
    }
    for note in prepared.notes(layout: source.layout) { print("note: \(note)") }
  }
}

extension CorpusLayout: ExpressibleByArgument {}
