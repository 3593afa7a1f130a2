/// Scores with what is known of their trials' utterances.
struct KnownTrials: Sendable {
  let scores: RecordedScores
  /// Of the list's names, in their order.
  let utterances: [RecordedUtterances.Utterance]
  let properties: [(name: String, values: [String?])]
  /// A line about utterances of which nothing is known; nil where there are none.
  let lack: String?

  init(_ scores: RecordedScores, _ recorded: RecordedUtterances) throws {
    let names = scores.list.list.names
    self.scores = scores
    utterances = try recorded.utterances(names)
    properties = try recorded.properties.map { ($0, try recorded.values($0, of: names)) }
    lack = recorded.lack(of: names)
  }

  /// The seconds of each trial's shorter utterance; nil where one is not known.
  var lengths: [Double?] {
    scores.list.list.trials.map { trial in
      guard let one = utterances[trial.enrolment].seconds, let other = utterances[trial.test].seconds else {
        return nil
      }
      return min(one, other)
    }
  }

  func groups(resamples: Int) -> [GroupedScores] {
    let trials = scores.list.list.trials
    let lengths = lengths
    let bounds = LengthBounds.bounds(lengths, targets: scores.list.list.targets)
    let classes = ValueClasses(lengths, bounds: bounds, unit: " s")
    let byLength = GroupedScores(
      scores, by: "seconds of the shorter utterance",
      classes: (classes.names, classes.numbers.map { ($0, $0) }), resamples: resamples)
    return [byLength]
      + properties.map { property in
        let classes = ValueClasses(property.values)
        let pairs = trials.map { (enrolment: classes.numbers[$0.enrolment], test: classes.numbers[$0.test]) }
        return GroupedScores(scores, by: property.name, classes: (classes.names, pairs), resamples: resamples)
      }
  }
}
