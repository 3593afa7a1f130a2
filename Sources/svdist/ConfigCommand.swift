import ArgumentParser
import DistTrain

/// `svdist config`: the settings in force, each with its meaning.
struct ConfigCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "config",
    abstract: "Prints every setting with its value, meaning, unit and choices.",
    discussion: """
      Without options it prints the defaults. The output is itself a configuration file: svdist config > c.yaml.
      Relative paths are looked up from the working directory, then from the file's folder.
      """)

  @OptionGroup var settings: ConfigurationOptions

  func run() throws {
    print(try settings.load().explainedYAML, terminator: "")
  }
}
