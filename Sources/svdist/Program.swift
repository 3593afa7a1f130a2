import ArgumentParser
import DistTrain
import Foundation

/// The parts that every command shares, which turn an error into one line on standard error and an exit status.
enum Program {
  /// Parses the command line, runs the command that it names, and ends the process if that throws.
  static func run(_ root: any ParsableCommand.Type) {
    Job.restoreSignals()
    StandardError.holdPlaces()
    StandardError.outliveFailedWrites()
    Resampler.forgetPresets()
    MappedFiles.endWhereLost(status: ExitStatus.badData.rawValue)
    do {
      try CommandWords.check()
    } catch {
      refuse(Failure(error))
    }
    var command: any ParsableCommand
    do {
      try checkName(CommandLine.arguments.dropFirst().first, root)
      command = try root.parseAsRoot(CommandWords.parsed(Array(CommandLine.arguments.dropFirst())))
    } catch let failure as Failure {
      refuse(failure)
    } catch {
      if root.exitCode(for: error) == .validationFailure, let line = UsageAdvice(root: root).line {
        refuse(Failure(.usage, line))
      }
      leave(root, error)
    }
    // mpirun starts a process for every rank: a command of one process runs on rank 0, and the others have nothing to
    // do.
    if let rank = launchedRank, rank > 0, !(command is any RanksCommand) { exit(0) }
    if command is any EndableCommand {
      EarlyEnd.watch(
        status: ExitStatus.stopped.rawValue, isSilent: launchedRank ?? 0 > 0, progress: { WorkProgress.end() })
    }
    do {
      try command.run()
      try StandardOutput.check()
    } catch let failure as Failure {
      end(failure)
    } catch  where error is ExitCode || root.exitCode(for: error) != .failure {
      // Some usage errors, help and the version appear only when the command runs.
      leave(root, error)
    } catch {
      end(Failure(.failed, "\(error)"))
    }
  }

  /// Runs `body` on every rank of the job that a launcher started, and ends the process.
  /// - Parameter printsResults: what `body` prints is what it is for: where that cannot be written, the job failed.
  static func runRanks(
    timeout: Double = 600, printsResults: Bool = true, _ body: (any Communicator) throws -> ExitStatus
  ) -> Never {
    Job.run(
      timeout: timeout, exitStatus: { ExitStatus.of($0).rawValue },
      { communicator in
        let status = try body(communicator)
        if printsResults { try communicator.agree { try StandardOutput.check() } }
        return status.rawValue
      })
  }

  /// Checks the name of the command. The default command would take a mistyped name for an argument of its own and
  /// complain of another one.
  private static func checkName(_ name: String?, _ root: any ParsableCommand.Type) throws {
    guard let name, !name.hasPrefix("-") else { return }
    let names = root.configuration.subcommands.map { $0._commandName } + ["help"]
    if let line = UsageAdvice.line(about: name, commands: names) { throw Failure(.usage, line) }
  }

  /// Ends the process with the failure's line and status.
  static func end(_ failure: Failure) -> Never {
    StandardError.say("svdist: \(failure.message.shown)")
    exit(ExitStatus.of(failure.kind).rawValue)
  }

  /// Ends the process because of its command line, which is the same on all ranks.
  private static func refuse(_ failure: Failure) -> Never {
    leaveToFirstRank(ExitStatus.usage.rawValue)
    end(failure)
  }

  /// Ends the process on each rank but 0: all ranks read the same command line, so only rank 0 prints.
  private static func leaveToFirstRank(_ status: Int32) {
    guard let rank = launchedRank, rank > 0 else { return }
    // The launcher ends the other ranks when the first one fails.
    if status != 0 { sleep(2) }
    exit(status)
  }

  /// Prints help, the version or what is wrong with the command line, and ends the process.
  private static func leave(_ root: any ParsableCommand.Type, _ error: any Error) -> Never {
    if root.exitCode(for: error) == .validationFailure, !(error is ExitCode) {
      let line = root.message(for: error).split(whereSeparator: \.isNewline).joined(separator: " ")
      refuse(Failure(.usage, "\(line) (svdist \(UsageAdvice(root: root).command) --help)"))
    }
    leaveToFirstRank(root.exitCode(for: error).rawValue)
    guard root.exitCode(for: error) == .success else { root.exit(withError: error) }
    let text = root.fullMessage(for: error)
    if !text.isEmpty { print(text) }
    do {
      try StandardOutput.check()
    } catch {
      end(Failure(error))
    }
    exit(ExitStatus.done.rawValue)
  }

  /// The rank of this process as its launcher gives it, which is known before MPI starts; nil without a launcher.
  private static var launchedRank: Int? { JobLauncher.rank(ProcessInfo.processInfo.environment) }
}

/// A command whose work may take long, and which a signal ends with nothing half-written left behind.
protocol EndableCommand: ParsableCommand {}

/// A command whose ranks share its work. Other commands run on rank 0 alone.
protocol RanksCommand: ParsableCommand {}
