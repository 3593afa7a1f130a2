/// What is measured of a trial's two sides beside their score, for the calibration (wespeaker's quality measure
/// functions): of each kind the lesser value, the greater one, their difference and their ratio.
package enum QualityMeasure: String, Sendable, Codable, CaseIterable {
  /// The seconds of speech, at most `longest`.
  case durations
  /// The lengths of the embeddings once the mean is subtracted.
  case magnitudes
  /// The means of the scores against the cohort.
  case cohortMeans = "cohort-means"

  /// The seconds that longer utterances count as.
  static let longest = 20.0

  /// The number of values of each kind.
  static let values = 4

  /// The values of a trial.
  /// - Parameters:
  ///   - enrolment: the measure of the enrolment.
  ///   - test: the measure of the test.
  static func values(_ enrolment: Double, _ test: Double) -> [Double] {
    let (least, greatest) = (min(enrolment, test), max(enrolment, test))
    return [least, greatest, greatest - least, greatest / least]
  }
}

/// The lengths of utterances in seconds, as `utt2dur` tells them.
package struct UtteranceDurations: Sendable {
  package let path: String
  private let seconds: [Name: Double]

  /// The lengths of utterances whose recordings are at hand.
  init(_ seconds: [String: Double]) {
    path = "the recordings"
    self.seconds = Dictionary(seconds.map { (Name($0.key), $0.value) }) { first, _ in first }
  }

  /// Reads the lengths of utterances.
  /// - Parameter path: a list of `utterance seconds`.
  /// - Throws: `Failure(.badData)` that names the file and the line.
  package init(_ path: String) throws {
    self.path = path
    guard FileSystem.exists(path) else { throw Failure(.badData, "\(path): no such list of utterances' lengths") }
    let list = try KaldiList(path: path, fields: 2...2)
    seconds = try Dictionary(
      list.lines.map { line -> (Name, Double) in
        do throws(ListedTime.Malformed) {
          let seconds = try ListedTime.seconds(line.rest, "duration")
          guard seconds > 0 else { throw ListedTime.Malformed(what: "is no duration in seconds: '\(line.rest)'") }
          return (Name(line.key), seconds)
        } catch {
          throw list.failure(line, error.what)
        }
      }
    ) { first, _ in first }
  }

  /// The sum of the lengths of utterances, at most `QualityMeasure.longest`.
  /// - Parameter longest: the seconds of which no more were heard.
  /// - Throws: `Failure(.badData)` that names an utterance which the list lacks.
  func total(of utterances: [String], atMost longest: Double) throws -> Double {
    let sum = try utterances.reduce(0.0) { sum, utterance in
      guard let length = seconds[Name(utterance)] else {
        throw Failure(.badData, "\(path): tells no length of utterance \(utterance): add its line")
      }
      return sum + length
    }
    return min(sum, longest, QualityMeasure.longest)
  }
}
