/// The output and the status that a run of a program left behind.
struct Outcome {
  /// The exit status; 128 + the signal that ended it.
  let status: Int32
  let output: String
  let errors: String

  /// The lines on standard error that are the program's own, not the launcher's.
  var complaints: [String] {
    errors.split(whereSeparator: \.isNewline).map(String.init).filter { $0.hasPrefix("svdist: ") }
  }
}
