import ArgumentParser
import DistTrain

/// The words of the command line, as far as strings can hold them.
enum CommandWords {
  /// Checks the words behind the program's own.
  /// - Throws: `Failure(.usage)` for the first one that is not UTF-8.
  static func check() throws {
    for index in stride(from: 1, to: Int(CommandLine.argc), by: 1) {
      guard let word = CommandLine.unsafeArgv[index] else { return }
      _ = try String(system: word, "the argument")
    }
  }

  /// The words behind the program's own as they are to be parsed: a negative number right behind a long option is its
  /// value, where ArgumentParser would take it for an option and say that a value is missing. `launch` has options of
  /// mpirun's, and its command's.
  static func parsed(_ words: [String]) -> [String] {
    guard words.first != LaunchCommand._commandName else { return words }
    var joined: [String] = []
    var isPastOptions = false
    for word in words {
      isPastOptions = isPastOptions || word == "--"
      if !isPastOptions, let option = joined.last, option.hasPrefix("--"), !option.contains("="),
        word.hasPrefix("-"), Double(word) != nil
      {
        joined[joined.count - 1] = "\(option)=\(word)"
      } else {
        joined.append(word)
      }
    }
    return joined
  }

  /// The name or path by which the program was started.
  /// - Throws: `Failure(.usage)` where it is not UTF-8.
  static func program() throws -> String {
    guard let word = CommandLine.unsafeArgv[0] else { return "svdist" }
    return try String(system: word, "svdist's own path")
  }
}
