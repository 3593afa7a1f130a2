import ArgumentParser
import DistTrain

/// The option for how much a command says beside its results, and what says it.
struct MessageOptions: ParsableArguments {
  @Flag(help: "Say nothing but results, warnings and errors.")
  var quiet = false

  /// Says a line on standard error, unless it is a note and the command is quiet.
  func say(_ line: String) {
    if !quiet || Remark(line).kind == .warning { StandardError.say(line.shown) }
  }

  /// Says each line on standard error as a note, unless the command is quiet.
  func note(_ texts: String?...) {
    for text in texts.compactMap(\.self) { say("note: \(text)") }
  }

  /// Shows how much of a work is done, unless the command is quiet.
  /// - Parameter things: what is counted and what is done to it, such as `utterances opened`.
  func progress(count: Int, things: String) -> WorkProgress {
    WorkProgress(count: count, things: things, isShown: !quiet)
  }

  /// Shows how much of the works is done that it is given to, unless the command is quiet.
  /// - Parameter communicator: the ranks that share the works, of which rank 0 shows its own.
  func counting(_ communicator: any Communicator = SoleCommunicator()) -> WorkCounting {
    guard communicator.rank == 0, !quiet else { return .silent }
    return WorkCounting { count, things in
      let progress = WorkProgress(count: count, things: things, isShown: true)
      return ({ progress.advance(by: $0) }, { progress.clear() })
    }
  }
}
