import ArgumentParser
import DistTrain
import Foundation

/// `svdist prepare`: data directories from recordings.
struct PrepareCommand: EndableCommand {
  static let configuration = CommandConfiguration(
    commandName: "prepare",
    abstract: "Opens every recording of a corpus and writes the lists that training and evaluation read.",
    discussion: """
      SOURCE is one of
      \(CorpusLayout.allCases.map { "  \($0.summary)" }.joined(separator: "\n"))
      Files that end in \(AudioSuffix.readable.map { ".\($0)" }.joined(separator: ", ")) are taken. VoxCeleb2 comes as \
      .m4a, which has to be converted:
        find vox2 -name '*.m4a' -print0 | xargs -0 -P 8 -I@ sh -c \\
          'ffmpeg -nostdin -v error -i "$1" -ar 16000 -ac 1 "${1%.m4a}.wav"' sh @

      The output is a Kaldi-style data directory (wav.scp, utt2spk, spk2utt, utt2dur, and segments where the source has \
      them) plus left-out.tsv, which says what was left out and why. With held-out speakers it has two such directories, \
      train and evaluation, and the trial list evaluation/trials.

      CN-Celeb's training speakers go to train, and its enrolment pieces and tests to evaluation, with evaluation/trials \
      and evaluation/enroll.map for svdist evaluate --enrolment-map. The genre follows the speaker in an utterance's id: \
      id00010/singing-01-001.flac.

      Examples:
        svdist prepare recordings --output data/ours
        svdist prepare recordings --output data/ours --hold-out 20 --trials 10000
        svdist prepare vox1/test --output data/vox1-o --layout voxceleb
        svdist prepare CN-Celeb_flac --output data/cnceleb --join-shorter-than 5
        svdist prepare recordings --output data/ours --trim-silence --longest-pause 1
        svdist prepare vox2 --output data/vox2 --shards
        svdist prepare --check data/vox2
        svdist prepare recordings --output data/ours --listen 20 --config c.yaml
      """)

  @Argument(help: "The folder that holds the recordings or their lists, or a list.")
  var source: String

  @Option(
    name: [.customShort("o"), .customLong("output")], help: ArgumentHelp("The folder to write.", valueName: "output"))
  var outputFolder: String?

  @Option(
    help: "\(CorpusLayout.allCases.map(\.rawValue).joined(separator: ", ")) (default: recognised from the source)")
  var layout: CorpusLayout?

  @Option(
    help: ArgumentHelp(
      "The columns of a CSV file that have other names: wav=path,spk_id=speaker; the others are start, end and id, and - "
        + "for a column to be ignored.", valueName: "name=column,…"))
  var columns: String?

  @Option(
    help: ArgumentHelp("Leave out shorter utterances (default: 0.5).", valueName: "seconds"),
    transform: OptionRange.decimal)
  var minimumSeconds = 0.5

  @Option(help: ArgumentHelp("Leave out longer utterances.", valueName: "seconds"), transform: OptionRange.decimal)
  var maximumSeconds: Double?

  @Option(help: ArgumentHelp("Leave out speakers with fewer usable utterances.", valueName: "count"))
  var minimumUtterances = 1

  @Option(
    help: ArgumentHelp(
      "What to take of recordings of several channels: their mean, one channel, counted from 0, or each as an utterance "
        + "ID-chN of a speaker SPEAKER-chN, as for the two ends of calls. A channel is written as 16-bit FLAC to the "
        + "output's svdist-audio. CN-Celeb's evaluation has the mean instead of each.",
      valueName: "mean|each|N"))
  var channel = ChannelChoice.mean

  @OptionGroup var trimming: TrimmingOptions

  @Option(
    help: ArgumentHelp(
      "Join shorter utterances of a speaker, in the order of their ids, until they reach this length. They are written as "
        + "16-bit FLAC to the output's svdist-audio and listed in joined.tsv. CN-Celeb's evaluation is not joined.",
      valueName: "seconds"), transform: OptionRange.decimal)
  var joinShorterThan: Double?

  @Flag(
    help: """
      Run the commands that end in a pipe in wav.scp, a CSV file or a raw list, with sh, and write their audio as \
      16-bit FLAC to the output's svdist-audio, since training runs no commands. Use it only for lists that you trust.
      """)
  var allowCommands = false

  @Option(
    help: ArgumentHelp("End a command that takes longer than this (default: 60).", valueName: "seconds"),
    transform: OptionRange.decimal)
  var commandSeconds = 60.0

  @Flag(
    help: """
      Also write the audio, into tar archives that wespeaker reads too (shards, listed in shard.list): few large files \
      instead of many small ones. WAV, FLAC, Ogg and MP3 are stored as they are, parts of recordings and other formats \
      as 16-bit WAV.
      """)
  var shards = false

  @Option(help: ArgumentHelp("With --shards, utterances in a shard (default: 1000).", valueName: "count"))
  var utterancesPerShard: Int?

  /// The most utterances of a shard.
  var shardSize: Int { utterancesPerShard ?? 1000 }

  @Flag(help: "With --shards, store all audio as 16-bit WAV at 16 kHz with one channel.")
  var decoded = false

  @Flag(
    help: "Only read the shards of the data directory SOURCE and compare them with their checksums.")
  var check = false

  @Option(help: ArgumentHelp("Hold out this many speakers, drawn at random, for evaluation.", valueName: "speakers"))
  var holdOut: Int?

  @Option(help: ArgumentHelp("Hold out the speakers that a file lists, one on each line.", valueName: "file"))
  var evaluationSpeakers: String?

  @Option(
    help: ArgumentHelp(
      "Write a trial list of this length, half of it targets where possible, over the held-out speakers, or over all if "
        + "none are held out. (default: 20000 or fewer, over held-out speakers only)", valueName: "count"))
  var trials: Int?

  @Option(help: "The seed of the draws of speakers and trials.")
  var seed: UInt64 = 1

  @Option(
    help: ArgumentHelp(
      "Write this many crops of the output to OUTPUT/listen, as training would draw them, before and after "
        + "augmentation, with what was done to each; --config and --set give the settings. svdist listen does so later.",
      valueName: "pairs"))
  var listen: Int?

  @OptionGroup var settings: ConfigurationOptions

  @Flag(
    help:
      "Write paths relative to the lists instead of absolute ones, so that lists and recordings can be moved together.")
  var relative = false

  @Flag(help: "Replace the output of an earlier svdist prepare.")
  var overwrite = false

  @OptionGroup var messages: MessageOptions

  func validate() throws {
    let longest = AudioFile.longest
    try OptionRange.check("--minimum-seconds", minimumSeconds, in: 0...longest)
    if let maximumSeconds, !(maximumSeconds >= max(minimumSeconds, 1e-3) && maximumSeconds <= longest) {
      throw ValidationError(
        "--maximum-seconds \(maximumSeconds): give no less than --minimum-seconds, which is \(minimumSeconds), and at most "
          + "\(longest)")
    }
    for (name, seconds) in [("--join-shorter-than", joinShorterThan), ("--command-seconds", commandSeconds)] {
      guard let seconds, !(seconds > 0 && seconds <= longest) else { continue }
      throw ValidationError("\(name) \(seconds): give more than 0 seconds, and at most \(longest)")
    }
    try OptionRange.check("--minimum-utterances", minimumUtterances, in: 0...1_000_000_000)
    try OptionRange.check("--hold-out", holdOut, in: 1...1_000_000_000)
    // Each trial takes some bytes, and the memory of a list of them is the only limit.
    try OptionRange.check("--trials", trials, in: 2...100_000_000)
    if holdOut != nil, evaluationSpeakers != nil {
      throw ValidationError("--hold-out draws the speakers that --evaluation-speakers lists: give one of the two")
    }
    try OptionRange.check("--utterances-per-shard", utterancesPerShard, in: 1...1_000_000)
    if utterancesPerShard != nil, !shards {
      throw ValidationError("--utterances-per-shard says how --shards divides audio: give both or neither")
    }
    if decoded, !shards { throw ValidationError("--decoded says how --shards writes audio: give both or neither") }
    try OptionRange.check("--listen", listen, in: 1...ListeningFolder.most, unit: " pairs")
    _ = try columnNames()
    if listen == nil, settings.config != nil || !settings.overrides.isEmpty {
      throw ValidationError("--config and --set say how --listen augments: give --listen too, or neither")
    }
    if check, listen != nil { throw ValidationError("--check writes nothing: leave out --listen") }
    if check, outputFolder != nil { throw ValidationError("--check writes nothing: leave out --output") }
  }

  /// The contents of each column that --columns names.
  private func columnNames() throws -> [Name: String] {
    var names: [Name: String] = [:]
    for pair in columns?.split(separator: ",", omittingEmptySubsequences: false) ?? [] {
      let parts = pair.split(separator: "=", omittingEmptySubsequences: false)
      let kinds = ["path", "speaker", "start", "end", "id", "-"]
      guard parts.count == 2, !parts[0].isEmpty, kinds.contains(String(parts[1])) else {
        throw ValidationError(
          "--columns \(columns ?? ""): '\(pair)' is not NAME=COLUMN with one of \(kinds.joined(separator: ", "))".shown)
      }
      names[Name(parts[0])] = String(parts[1])
    }
    return names
  }

  var output: String { outputFolder?.withoutEndingSlashes ?? "" }

  func run() throws {
    if check { return try ShardCheck(source, messages: messages).run() }
    // This check is not in validate(), where it would come before the message about an option that does not exist.
    guard outputFolder != nil else { throw ValidationError("Missing expected argument '--output <output>'") }
    for line in WholeFolder.leftovers(beside: output) { messages.note(line) }
    _ = try WholeFolder.check(output, replacing: overwrite ? PreparedCorpus.contents : nil)
    if overwrite { try checkInputs() }
    let auditions = try listen.map { try Auditions(settings.load(), count: $0, messages: messages) }
    let first = try prepare()
    // The pairs are written once the output has its final name, since its lists have the paths that training will see.
    try auditions?.write(first, to: "\(output)/\(PreparedCorpus.listeningName)", replacing: nil)
  }

  /// - Throws: `Failure(.usage)` where what is read here lies in the output that is to be replaced.
  private func checkInputs() throws {
    var inputs = InputPaths()
    inputs.add(source, "SOURCE")
    inputs.add(evaluationSpeakers, "--evaluation-speakers")
    inputs.add(settings.config, "--config")
    try inputs.refuse(replacing: output, as: "--output")
  }

  /// Prepares the corpus.
  /// - Returns: the data directory to train on.
  private func prepare() throws -> String {
    try FileSystem.checkOneLine(source)
    let source = try CorpusSource(
      source, layout: layout, allowsCommands: allowCommands, columns: columnNames())
    let commands = allowCommands ? CommandRecordings.commands(source) : []
    let progress = messages.progress(count: source.count + commands.count, things: "utterances opened")
    guard !commands.isEmpty else { return try prepare(source, nil, progress) }
    return try WholeFolder.withTemporary(beside: output) { folder in
      let recordings = try CommandRecordings(
        commands, into: folder, limit: commandSeconds, finished: { progress.advance() })
      return try prepare(source, recordings, progress)
    }
  }

  private func prepare(
    _ source: CorpusSource, _ recordings: CommandRecordings?, _ progress: WorkProgress
  ) throws -> String {
    let preparation = try CorpusPreparation(
      source, recordings: recordings?.files ?? [:], channels: channel,
      lengths: minimumSeconds...(maximumSeconds ?? .infinity),
      minimumUtterances: minimumUtterances, voice: trimming.voice, joiningBelow: joinShorterThan,
      finished: { progress.advance() })
    progress.clear()
    let prepared = try PreparedCorpus(
      preparation,
      heldOut: { corpus in
        if let holdOut { return try HoldOut.draw(holdOut, from: corpus, seed: seed) }
        return try evaluationSpeakers.map { try HoldOut.read($0, corpus: corpus) }
      }, trials: trials, seed: seed)
    let writing = messages.progress(
      count: prepared.parts.reduce(0) { $0 + $1.utterances.count }, things: "utterances written to shards")
    let clipping = try prepared.write(
      output, recordings: recordings,
      shards: shards
        ? ShardWriter(utterancesPerShard: shardSize, isDecoded: decoded, seed: seed) : nil,
      relativePaths: relative, overwrite: overwrite, finished: { writing.advance() })
    writing.clear()
    summarise(source, preparation, prepared, clipping)
    let first = prepared.parts[0].name
    return first.isEmpty ? output : "\(output)/\(first)"
  }
}

extension CorpusLayout: ExpressibleByArgument {}

extension ChannelChoice: ExpressibleByArgument {
  public init?(argument: String) { self.init(argument) }

  public var defaultValueDescription: String { "mean" }
}
