import ArgumentParser
import DistTrain
import Foundation

/// `svdist doctor`: a check whether svdist runs here as fast as it can.
struct DoctorCommand: RanksCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Says whether svdist runs here as fast as it can, and what to change if it doesn't.",
    discussion: """
      Start it in the same way as training, under mpirun with the same options: all ranks take part, and rank 0 prints \
      one table. It looks at the CPU, the chosen kernels, ranks × threads against cores, bindings and quotas, and \
      measures products, memory and sums over ranks. With --corpus it also measures whether utterances arrive as fast as \
      the encoder takes them. Every warning is one line with its remedy.

      Exit status: 0, even with warnings; 1 if one of them costs more than a third of the speed.
      """)

  @OptionGroup var settings: ConfigurationOptions

  @Option(
    help: ArgumentHelp(
      "The data directory to measure (default: corpus.train of the settings, if set).", valueName: "folder"))
  var corpus: String?

  @Option(help: ArgumentHelp("A run folder, to learn which file system it is on.", valueName: "folder"))
  var runDir: String?

  @Option(help: "Threads of each rank (default: the cores that it may use, divided among the ranks there).")
  var threads: Int?

  @Option(
    help: ArgumentHelp("How long to measure each quantity (default: 0.5).", valueName: "seconds"),
    transform: OptionRange.decimal)
  var seconds = 0.5

  func validate() throws {
    try OptionRange.check("--threads", threads, in: OptionRange.threads)
    guard seconds > 0, seconds <= 60 else { throw ValidationError("--seconds: above 0, at most 60, found \(seconds)") }
  }

  func run() throws {
    let command = self
    Program.runRanks { communicator in
      let (configuration, corpus) = try communicator.agree { try command.open() }
      let facts = JobFacts.gather(communicator, threads: command.threads)
      ThreadTeam.shared.grow(to: facts.threads[communicator.rank])
      func say(_ text: String) {
        guard communicator.rank == 0 else { return }
        print(text)
        fflush(nil)
      }
      say(MachineReport.description(facts, census: communicator.census, library: Job.library))
      if let folder = command.runDir { say("\(folder) on \(FileSystem.kind(of: folder) ?? "an unknown file system")") }
      say("")
      say(MachineReport.table(facts, JobRates.measure(facts, seconds: command.seconds, communicator)))
      var warnings = facts.warnings
      if let corpus {
        let rates = try CorpusRates.measure(
          corpus.utterances, path: corpus.path, configuration, threads: facts.threads[communicator.rank],
          seconds: command.seconds, communicator)
        say("\n" + MachineReport.corpus(rates))
        warnings += corpus.utterances.losses(in: corpus.path).map { .damage($0) }
        warnings += rates.warning.map { [$0] } ?? []
      }
      say("\n" + MachineReport.verdict(warnings))
      return warnings.contains(where: \.isCostly) ? .failed : .done
    }
  }

  private func open() throws -> (Configuration, (path: String, utterances: Corpus)?) {
    let configuration = try settings.load()
    let path = corpus ?? configuration.corpus.train
    return (configuration, try path.map { ($0, try Corpus.open($0)) })
  }
}
