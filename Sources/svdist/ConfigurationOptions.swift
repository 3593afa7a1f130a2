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

  /// The settings in force.
  /// - Throws: `Failure(.usage)` for a setting that is unknown, of the wrong type or out of range.
  func load() throws -> Configuration {
    try Configuration.load(file: config, overrides: overrides)
  }
}
