/// Reads times as lists write them. This is the one place that reads seconds from `segments`, `utt2dur`, tables and raw
/// lists.
enum ListedTime {
  /// The fault of a time, in words that follow the file and the line.
  struct Malformed: Error {
    let what: String
  }

  /// Reads a number of seconds from 0 to the length of the longest recording.
  /// - Parameter meaning: the meaning of the number, such as `start`, for the error.
  static func seconds(_ text: some StringProtocol, _ meaning: String) throws(Malformed) -> Double {
    // Swift reads hexadecimal numbers too, which no list has.
    let isDecimal = !text.utf8.contains { $0 | 0x20 == UInt8(ascii: "x") }
    guard isDecimal, let seconds = Double(text), seconds >= 0, seconds.isFinite else {
      throw Malformed(what: "is no \(meaning) in seconds: '\(text)'")
    }
    guard seconds <= AudioFile.longest else {
      throw Malformed(
        what: "the \(meaning) is more than the \(Int(AudioFile.longest)) s that a recording can last: \(text) s")
    }
    return seconds
  }

  /// The stretch of a recording between two times: its start and its length in seconds, the length rounded to
  /// nanoseconds.
  static func stretch(
    from start: some StringProtocol, to end: some StringProtocol
  ) throws(Malformed) -> (start: Double, seconds: Double) {
    let times = (try seconds(start, "start"), try seconds(end, "end"))
    guard times.1 > times.0 else {
      throw Malformed(what: "the end is not after the start: from \(start) s to \(end) s")
    }
    return (times.0, KaldiDirectory.rounded(times.1 - times.0))
  }
}
