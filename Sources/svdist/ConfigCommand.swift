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

  @Flag(help: "Print only the settings that differ from the defaults.")
  var differing = false

  @Option(help: ArgumentHelp("Print only this setting, or this group of settings.", valueName: "key.path"))
  var explain: String?

  func validate() throws {
    if differing, explain != nil { throw ValidationError("give either --differing or --explain") }
  }

  func run() throws {
    let settings = try settings.load()
    let text = try explain.map(settings.explanation) ?? (differing ? settings.differingYAML : settings.explainedYAML)
    print(text, terminator: "")
  }
}
