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
      runs/x does, and more: mpirun itself answers Ctrl-C by killing its ranks within a second, which is too short for a \
      step and a checkpoint. Here Ctrl-C, TERM, HUP and USR1 reach all ranks as USR1, which stops them after their step \
      with a checkpoint and status 75. A second Ctrl-C ends them at once. Ctrl-Z does not stop ranks.
      """)

  @Argument(parsing: .captureForPassthrough, help: .hidden)
  var arguments: [String] = []

  func run() throws {
    guard !["-h", "--help"].contains(arguments.first) else { throw CleanExit.helpRequest(self) }
    guard let end = arguments.firstIndex(of: "--"), end + 1 < arguments.count else {
      throw ValidationError(
        "expected mpirun's options, -- and svdist's options: svdist launch -np 4 -- --config c.yaml --run-dir runs/x")
    }
    guard !Job.isLaunched(ProcessInfo.processInfo.environment) else {
      throw ValidationError("launch starts mpirun itself: start it without a launcher")
    }
    let ranks = Array(arguments[..<end]) + [CommandLine.arguments[0]] + arguments[(end + 1)...]
    throw ExitCode(try Launcher("mpirun", ranks).run())
  }
}
