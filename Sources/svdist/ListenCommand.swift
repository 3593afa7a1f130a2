import ArgumentParser
import DistTrain

/// `svdist listen`: the crops of a training before and after augmentation, to be heard.
struct ListenCommand: EndableCommand {
  static let configuration = CommandConfiguration(
    commandName: "listen",
    abstract: "Writes crops as training draws them, before and after augmentation, as WAV files.",
    discussion: """
      It writes the first rows of augmented views that a run with these settings would load, as pairs 001-clean.wav and \
      001-augmented.wav …; pairs.tsv says what was done to each: speed, kind, recordings, SNR, codec, gain, and the \
      masks of the features, which can't be heard.

      Example:
        svdist listen --config c.yaml --count 20 --output heard
      """)

  @OptionGroup var settings: ConfigurationOptions

  @Option(name: .shortAndLong, help: "The folder to write.")
  var output: String

  @Option(help: "How many pairs to write.")
  var count = 20

  @Flag(help: "Replace the output of an earlier svdist listen.")
  var overwrite = false

  @OptionGroup var messages: MessageOptions

  func validate() throws {
    try OptionRange.check("--count", count, in: 1...ListeningFolder.most)
  }

  func run() throws {
    let configuration = try settings.load()
    let replacing = overwrite ? Auditions.contents : nil
    _ = try WholeFolder.check(output, replacing: replacing)
    let auditions = try Auditions(configuration, count: count, messages: messages)
    guard let directory = configuration.corpus.train else {
      throw Failure(.usage, "corpus.train: not set: name a data directory, --set corpus.train=DIR")
    }
    try auditions.write(directory, to: output, replacing: replacing)
  }
}
