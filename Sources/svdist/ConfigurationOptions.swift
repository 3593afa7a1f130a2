import ArgumentParser
import DistTrain

/// The sources of settings: defaults, overridden by a file, overridden by `--set`.
struct ConfigurationOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Settings as YAML. Those that it doesn't name keep their defaults.", valueName: "file"))
  var config: String?

  @Option(
    name: .customLong("set"), parsing: .singleValue,
    help: ArgumentHelp(
      "One setting that overrides the file, such as crop.seconds=3. May be given several times; the last one counts.",
      valueName: "key.path=value"))
  var overrides: [String] = []

  /// The settings in force. Those of encoder and front end that are not given are those of the encoder that training
  /// starts from, if one is named.
  /// - Parameters:
  ///   - encoder: the encoder to start from, which goes before that of the settings; nil leaves it to them.
  ///   - folder: the folder of a run that may be there already.
  /// - Throws: `Failure(.usage)` for a setting that is unknown, of the wrong type, out of range or not that of the
  ///   encoder to start from; `Failure(.badData)` where this is not there.
  func load(from encoder: String? = nil, resuming folder: String? = nil) throws -> Configuration {
    let start = encoder.map { Configuration.override("training.from", with: $0) }
    return try Configuration.load(
      GivenSettings(file: config, overrides: overrides + [start].compactMap(\.self)), resuming: folder)
  }
}
