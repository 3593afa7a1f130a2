import ArgumentParser
import DistTrain
import Foundation

/// `svdist launch`: training under mpirun that Ctrl-C stops with a checkpoint.
struct LaunchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "launch",
    abstract: "Starts ranks under mpirun so that Ctrl-C stops them with a checkpoint.",
    usage: "svdist launch <mpirun's options> -- <svdist's options>",
    discussion: """
      svdist launch -np 4 -- --config c.yaml --run-dir runs/x does what mpirun -np 4 svdist --config c.yaml --run-dir \
      runs/x does, and more: Open MPI's mpirun itself answers Ctrl-C by killing its ranks within a second, which is \
      too short for a step and a checkpoint. Here Ctrl-C, TERM, HUP and USR1 reach all ranks as USR1, which stops them \
      after their step with a checkpoint and status 75; those that have not begun to train end at once, with status 75 \
      too. The request is repeated until mpirun ends, which loses it before its ranks are there. A second Ctrl-C, or \
      Ctrl-\\, ends ranks at once. HUP is ignored under nohup, as INT is in the background of a script. Ctrl-Z does \
      not stop ranks.

      Ranks of other commands, such as embed, end at once. KILL of launch leaves mpirun and its ranks running: stop them \
      with kill -USR1 and mpirun's process number.
      """)

  @Argument(parsing: .captureForPassthrough, help: .hidden)
  var arguments: [String] = []

  func run() throws {
    guard !["-h", "--help"].contains(arguments.first) else { throw CleanExit.helpRequest(self) }
    guard let end = arguments.firstIndex(of: "--"), end + 1 < arguments.count else {
      throw ValidationError(
        "expected mpirun's options, -- and svdist's options: svdist launch -np 4 -- --config c.yaml --run-dir runs/x")
    }
    guard JobLauncher(ProcessInfo.processInfo.environment) == nil else {
      throw ValidationError("launch starts mpirun itself: start it without a launcher")
    }
    let options = arguments[(end + 1)...]
    let program = try CommandWords.program()
    let ranks = Array(arguments[..<end]) + [program] + options
    throw ExitCode(try Launcher("mpirun", ranks, isTraining: Self.isTraining(options)).run())
  }

  /// Whether svdist's options are those of a training, which a signal stops with a checkpoint.
  private static func isTraining(_ options: ArraySlice<String>) -> Bool {
    guard let first = options.first else { return false }
    let isTrain = first.hasPrefix("-") || first == TrainCommand.configuration.commandName
    return isTrain && !options.contains("--check-gradients")
  }
}
