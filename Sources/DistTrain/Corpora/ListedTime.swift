/// Times as lists write them: the one place that reads seconds from `segments`, `utt2dur`, tables and raw lists.
enum ListedTime {
  /// What is wrong with a time, in words that go behind the file and the line.
  struct Malformed: Error {
    let what: String
  }

  /// A number of seconds from 0 to the length of the longest recording.
  /// - Parameter meaning: what the number is, for the error: `start`.
  static func seconds(_ text: some StringProtocol, _ meaning: String) throws(Malformed) -> Double {
    guard let seconds = Double(text), seconds >= 0, seconds.isFinite else {
      throw Malformed(what: "'\(text)' is no \(meaning) in seconds")
    }
    guard seconds <= AudioFile.longest else {
      throw Malformed(
        what: "the \(meaning), \(text) s, is more than the \(Int(AudioFile.longest)) s that a recording can last")
    }
    return seconds
  }

  /// The stretch of a recording between two times: where it begins and how long it is, in whole nanoseconds.
  static func stretch(
    from start: some StringProtocol, to end: some StringProtocol
  ) throws(Malformed) -> (start: Double, seconds: Double) {
    let times = (try seconds(start, "start"), try seconds(end, "end"))
    guard times.1 > times.0 else { throw Malformed(what: "the end, \(end) s, is not after the start, \(start) s") }
    return (times.0, KaldiDirectory.rounded(times.1 - times.0))
  }
}
