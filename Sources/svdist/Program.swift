import ArgumentParser
import DistTrain
import Foundation

/// What every command shares: how an error becomes one line on standard error and an exit status.
enum Program {
  /// Parses the command line, runs the command it names and ends the process where that throws.
  static func run(_ root: any ParsableCommand.Type) {
    var command: any ParsableCommand
    do {
      command = try root.parseAsRoot()
    } catch {
      root.exit(withError: error)
    }
    do {
      try command.run()
    } catch let failure as Failure {
      end(failure)
    } catch  where error is ExitCode || root.exitCode(for: error) != .failure {
      // Help, the version and usage errors that only appear when the command runs.
      root.exit(withError: error)
    } catch {
      end(Failure(.failed, "\(error)"))
    }
  }

  /// Ends the process with the failure's line and status.
  static func end(_ failure: Failure) -> Never {
    let line = failure.message.split(whereSeparator: \.isNewline).joined(separator: " ")
    var place = ""
    if let rank = launchedRank, rank > 0 {
      // All ranks read the same command line: rank 0 says what is wrong with it and the launcher ends the others.
      // A rank that is alone with its trouble (a file missing on its host) speaks up.
      if failure.status == .usage { sleep(2) }
      place = "rank \(rank) on \(ProcessInfo.processInfo.hostName): "
    }
    FileHandle.standardError.write(Data("svdist: \(place)\(line)\n".utf8))
    exit(failure.status.rawValue)
  }

  /// This process's rank as its launcher (Open MPI's mpirun, PMIx, Slurm) says it, known before MPI starts.
  private static var launchedRank: Int? {
    let environment = ProcessInfo.processInfo.environment
    return ["OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK", "SLURM_PROCID"].lazy
      .compactMap { environment[$0].flatMap { Int($0) } }.first
  }
}
