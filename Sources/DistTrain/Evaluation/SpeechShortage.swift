/// The utterances of a set that have less speech than is asked for.
struct SpeechShortage {
  /// An utterance with too little speech.
  struct Utterance: Codable, Sendable {
    /// Its place in the set, from 0.
    let place: Int
    let id: String
    let path: String
    /// The speech in seconds, without pauses.
    let seconds: Double

    init(_ utterance: DistTrain.Utterance, place: Int, _ seconds: Double) {
      (self.place, id, path, self.seconds) = (place, utterance.id, utterance.path, seconds)
    }
  }

  /// The utterances in the order of the set, at least one.
  private let utterances: [Utterance]
  private let count: Int

  /// The most utterances that a line names.
  private static let mostNames = 10

  /// - Parameters:
  ///   - utterances: those with too little speech, in any order; nil is made of none.
  ///   - count: the number of all utterances.
  init?(_ utterances: [Utterance], of count: Int) {
    guard !utterances.isEmpty else { return nil }
    self.utterances = utterances.sorted { $0.place < $1.place }
    self.count = count
  }

  /// The failure in a line.
  /// - Parameter minimum: the seconds of speech that are asked for.
  func failure(minimum: Double) -> Failure {
    if let only = utterances.first, utterances.count == 1 {
      return Self.failure("utterance \(only.id) (\(only.path))", only.seconds, minimum: minimum)
    }
    let names = utterances.prefix(Self.mostNames).map { "\($0.id) (\(KaldiDirectory.rounded($0.seconds)) s)" }
    let more = utterances.count - names.count
    return Failure(
      .badData,
      "\(utterances.count) of \(count) utterances have less than \(KaldiDirectory.rounded(minimum)) s of speech without "
        + "their pauses, too little to tell a speaker by (--minimum-speech): \(names.joined(separator: ", "))"
        + (more > 0 ? " and \(more) more" : ""))
  }

  /// The failure of one recording.
  static func failure(_ name: String, _ seconds: Double, minimum: Double) -> Failure {
    Failure(
      .badData,
      "\(name): has \(KaldiDirectory.rounded(seconds)) s of speech without its pauses, too little to tell a speaker by: at "
        + "least \(KaldiDirectory.rounded(minimum)) s are asked for (--minimum-speech)")
  }
}
