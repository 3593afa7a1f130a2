import ArgumentParser
import DistTrain
import Foundation

/// What to say of a command line that could not be read, where that is more than ArgumentParser says: it names what is
/// missing before it looks at what is there, and knows nothing of the options of other toolkits.
struct UsageAdvice {
  let root: any ParsableCommand.Type
  /// The words behind the program's name.
  private let words = Array(CommandLine.arguments.dropFirst())

  init(root: any ParsableCommand.Type) {
    self.root = root
  }

  /// The name of the command that they begin with, or of the default one.
  var command: String { words.first.flatMap { $0.hasPrefix("-") ? nil : $0 } ?? TrainCommand._commandName }

  /// A line about the first word that is no option, or about what to begin with; nil where there is nothing to add.
  var line: String? {
    guard !words.isEmpty else {
      return
        "nothing to do: svdist prepare makes the lists of a corpus, mpirun -np 4 svdist --config c.yaml --run-dir runs/x "
        + "trains with 4 ranks, and svdist --help has all commands"
    }
    // Its options are mpirun's and another command's.
    guard command != LaunchCommand._commandName, let known = options(of: command) else { return nil }
    let given = words.prefix { $0 != "--" }.compactMap(Self.option)
    guard let unknown = given.first(where: { !known.contains($0) }) else { return nil }
    let dashes = unknown.count == 1 ? "-" : "--"
    return "unknown option \(dashes)\(unknown) of svdist \(command): \(advice(on: unknown, known))"
  }

  /// A line about a word in the place of a command's name; nil where it is one.
  static func line(about name: String, commands: [String]) -> String? {
    guard !commands.contains(name) else { return nil }
    if [".yaml", ".yml"].contains(where: name.lowercased().hasSuffix) {
      return "\(name) is no command: a configuration is given as svdist --config \(name) --run-dir runs/x"
    }
    let near = Spelling.nearest(to: name, among: commands, limit: 1).first.map { "did you mean \($0)? " } ?? ""
    return "unknown command '\(name)': \(near)The commands are \(commands.joined(separator: ", "))"
  }

  /// The name of an option without its dashes and value; nil for a word that is none.
  private static func option(_ word: String) -> String? {
    guard word.hasPrefix("-"), word.count > 1, Double(word) == nil else { return nil }
    let name = word.drop { $0 == "-" }.prefix { $0 != "=" }
    return name.isEmpty ? nil : String(name)
  }

  private func advice(on name: String, _ known: [String]) -> String {
    let simple = name.lowercased().replacing("_", with: "-")
    let trains = command == TrainCommand._commandName
    let habits = Self.habits + (trains ? Self.habitsOfTraining : Self.habitsOfEncoders)
    if let habit = habits.first(where: { $0.names.contains(simple) }) { return habit.advice }
    let near = Spelling.nearest(to: simple, among: known.filter { $0.count > 1 }, limit: 1).first
    return near.map { "did you mean --\($0)?" } ?? "svdist \(command) --help has those that it takes"
  }

  private typealias Habit = (names: Set<String>, advice: String)

  /// Options of other toolkits, by what to give here.
  private static let habits: [Habit] = [
    (
      ["gpu", "gpus", "ngpu", "gpu-ids", "device", "devices", "cuda"],
      "svdist computes on CPUs: mpirun -np N starts N ranks"
    ),
    (
      ["np", "n", "nproc", "nproc-per-node", "num-processes", "nodes", "ranks", "world-size"],
      "the launcher starts the ranks: mpirun -np N svdist …, or srun"
    ),
  ]
  private static let habitsOfTraining: [Habit] = [
    (
      ["lr", "learning-rate", "initial-lr", "max-lr"],
      "it is a setting: svdist config --explain schedule.learningRate"
    ),
    (
      ["epochs", "epoch", "num-epochs", "max-epoch", "max-epochs", "n-epochs"],
      "training is counted in steps: --set training.steps=10000, each of batch.speakers × utterances × views rows"
    ),
    (
      ["batch-size", "batch", "bs", "b"],
      "it is speakers × utterances × views: --set batch.speakers=32 --set batch.utterances=2"
    ),
    (["seed"], "it is a setting: --set seed=2"),
    (["workers", "num-workers", "nj"], "--readers N threads of each rank load the next batch"),
    (
      ["data", "data-dir", "dataset", "data-folder", "train-data", "train-list"],
      "--set corpus.train=FOLDER names a data directory, which svdist prepare makes"
    ),
    (
      ["output-dir", "output-folder", "out-dir", "exp", "exp-dir", "save-dir", "checkpoint-dir", "o"],
      "--run-dir FOLDER keeps configuration, metrics and checkpoints"
    ),
    (["resume", "continue", "resume-from"], "a run resumes by itself: give the same --run-dir"),
    (
      ["model", "checkpoint", "ckpt", "weights", "pretrained", "model-init", "init"],
      "--from ENCODER starts from weights (svdist import reads those of other toolkits), --set encoder.type=resnet names "
        + "an architecture"
    ),
    (["optimizer", "optim", "opt"], "it is a setting: --set optimizer.type=adam"),
    (
      ["fp16", "bf16", "amp", "precision", "mixed-precision", "use-amp", "enable-amp"],
      "it is a setting: --set training.precision=bf16"
    ),
    (["margin"], "it is a setting: --set classification.margin=0.2"),
    (["num-frames", "crop", "duration", "chunk-size"], "it is a setting: --set crop.seconds=2"),
  ]
  private static let habitsOfEncoders: [Habit] = [
    (
      ["model", "checkpoint", "ckpt", "weights", "model-path"],
      "--encoder takes a run folder, a checkpoint or a model file"
    ),
    (["data", "data-dir", "dataset", "wav-scp"], "--corpus takes a data directory, which svdist prepare makes"),
  ]

  /// The names of a command's options without dashes, as ArgumentParser describes them; nil where it knows no such
  /// command.
  private func options(of name: String) -> [String]? {
    let description = try? JSONDecoder().decode(Description.self, from: Data(root._dumpHelp().utf8))
    let command = description?.command.subcommands?.first { $0.commandName == name }
    return command?.arguments?.flatMap { $0.names ?? [] }.map(\.name)
  }

  private struct Description: Decodable {
    struct Command: Decodable {
      let commandName: String
      let subcommands: [Command]?
      let arguments: [Argument]?
    }
    struct Argument: Decodable { let names: [Name]? }
    struct Name: Decodable { let name: String }
    let command: Command
  }
}
