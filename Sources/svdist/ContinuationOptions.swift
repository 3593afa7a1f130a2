import ArgumentParser
import DistTrain
import Foundation

/// The options for stopping a run before its end, and for resuming it.
struct ContinuationOptions: ParsableArguments {
  @Option(
    name: .customLong("allow-change"), parsing: .singleValue,
    help: ArgumentHelp(
      """
      Resume although this setting, or any setting of this group, has changed since the run was started. May be given \
      several times.
      """, valueName: "key.path"))
  var allowedChanges: [String] = []

  @Option(
    help: ArgumentHelp(
      """
      Stop with a checkpoint and status 75 before this much time has passed, such as 30m, 12h, 12:00:00 or 1-12:00:00; \
      none for no limit. By default, stop before the end of the Slurm job if there is one.
      """, valueName: "time"))
  var stopBefore: String?

  /// Sets the options of a run.
  /// - Throws: `Failure(.usage)` for a key that is no setting or a text that is no time.
  func apply(to options: inout RunSession.Options) throws {
    try Configuration.checkKeys(allowedChanges, option: "--allow-change")
    options.allowedChanges = allowedChanges
    options.timeLimit = try TimeLimit.of(
      stopBefore, environment: ProcessInfo.processInfo.environment, now: SteadyClock.now)
  }
}
