import ArgumentParser
import DistTrain

/// The program, with one file for each subcommand. The default is `train`.
@main
struct SvdistCommand: ParsableCommand {
  static let version = "0.2.0"

  static let configuration = CommandConfiguration(
    commandName: "svdist",
    abstract: "Trains speaker-verification encoders on the CPUs of one or many machines.",
    discussion: """
      To train with 4 ranks, or to resume where runs/x stopped:
        mpirun -np 4 svdist --config c.yaml --run-dir runs/x

      svdist prepare makes the lists of a corpus, svdist init writes a configuration for it, svdist config prints all \
      settings with their meaning, and svdist doctor says whether svdist runs here as fast as it can.

      Exit status: 0 done, 1 failed, 64 wrong command line or configuration, 65 bad data, 75 stopped on request with a \
      checkpoint written (run the same command again).
      """,
    version: "svdist \(version)",
    subcommands: [
      TrainCommand.self, LaunchCommand.self, PrepareCommand.self, EmbedCommand.self, EvaluateCommand.self,
      FitCommand.self, ScoreCommand.self, FuseCommand.self, MetricsCommand.self, ThresholdCommand.self,
      VerifyCommand.self, ReportCommand.self, WatchCommand.self, CompareCommand.self,
      AverageCommand.self, ImportCommand.self, ExportCommand.self, ListenCommand.self, ConfigCommand.self,
      InitCommand.self, DoctorCommand.self, PlanCommand.self,
    ],
    defaultSubcommand: TrainCommand.self)

  static func main() {
    Program.run(Self.self)
  }
}
