import ArgumentParser
import DistTrain

/// `svdist config`: the settings in force, each with its meaning.
struct ConfigCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "config",
    abstract: "Prints every setting as it would be in force, with its meaning, unit and choices.",
    discussion: """
      Without options it prints the defaults. The output is a configuration file itself: svdist config > c.yaml.
      Relative paths are tried from the working directory, then from the file's folder.
      """)

  @OptionGroup var settings: ConfigurationOptions

  func run() throws {
    print(try settings.load().explainedYAML, terminator: "")
  }
}
