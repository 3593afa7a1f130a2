/// What a run keeps of the utterances of its held-out trials (`HeldOutEvaluation.writeUtterances`).
struct RecordedUtterances: Sendable {
  /// What is known of an utterance; nil is what is not.
  struct Utterance: Sendable {
    let speaker: String?
    let seconds: Double?
    /// Where it is heard.
    let place: Place?
  }

  /// A stretch of a recording.
  struct Place: Sendable {
    let path: String
    /// In seconds.
    let start: Double
    /// Counted from 0; nil for the mean of all.
    let channel: Int?
  }

  private let path: String
  private let table: UtteranceTable
  /// The properties that some utterance has, in the order of the table.
  let properties: [String]

  /// - Returns: nil where there is no such file.
  /// - Throws: `Failure(.badData)` that names the line where it cannot be read, or the column that it lacks.
  init?(path: String) throws {
    guard FileSystem.exists(path) else { return nil }
    self.path = path
    table = try UtteranceTable(path: path)
    let columns = HeldOutEvaluation.columns.dropFirst()
    for column in columns where !table.columns.contains(column) {
      throw Failure(
        .badData, "\(path): has no column \(column); its columns are \(table.columns.joined(separator: ", "))")
    }
    properties = table.columns.filter { !columns.contains($0) }
  }

  /// What is known of utterances by their names, which may differ from those here in the suffix of the audio file.
  func utterances(_ names: [String]) throws -> [Utterance] {
    let (speakers, seconds) = (try table.values("speaker", of: names), try table.values("seconds", of: names))
    let paths = try table.values("path", of: names)
    let (starts, channels) = (try table.values("start", of: names), try table.values("channel", of: names))
    return names.indices.map { index in
      let start = Self.time(starts[index])
      let channel = channels[index].map { Int($0) ?? -1 }
      let isPlace = start != nil && (channel ?? 0) >= 0
      return Utterance(
        speaker: speakers[index], seconds: Self.time(seconds[index]),
        place: isPlace ? paths[index].map { Place(path: $0, start: start ?? 0, channel: channel) } : nil)
    }
  }

  /// A line about those of the trials' utterances that are not listed; nil where all are.
  func lack(of names: [String]) -> String? {
    let lacking = table.lacking(names)
    guard lacking > 0 else { return nil }
    return
      "\(path): lacks \(lacking) of the trials' \(names.count.counted("utterance")), of which nothing is known; it may be of other trials"
  }

  /// The values of a property.
  func values(_ property: String, of names: [String]) throws -> [String?] { try table.values(property, of: names) }

  /// No recording is as long.
  private static let longest = 1e7

  private static func time(_ text: String?) -> Double? {
    text.flatMap(Double.init).flatMap { (0...longest).contains($0) ? $0 : nil }
  }
}
