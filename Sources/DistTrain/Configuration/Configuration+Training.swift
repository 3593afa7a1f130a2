extension Configuration {
  /// The length of the run, its precision, the average of its encoder, and the treatment of numbers that are not
  /// finite.
  package struct Training: Codable, Sendable, Equatable {
    package var steps = 2000
    package var precision = Precision.single
    package var average = Average()
    package var nonFinite = NonFinitePolicy.stop
    package var nonFiniteLimit = 10

    package init() {}

    static let settings = [
      Setting(
        "training.steps", \.training.steps, "steps of the whole run; schedules stretch over them",
        allowed: .steps(from: 1)),
      Setting(
        "training.precision", \.training.precision,
        "precision of the encoder's products; all else is fp32"),
      Setting(
        "training.average.decay", \.training.average.decay,
        "share of the encoder's moving average that a step keeps",
        allowed: .from(0, below: 1)),
      Setting(
        "training.average.from", \.training.average.from, "steps after which it begins, as a copy",
        allowed: .steps(from: 0)),
      Setting(
        "training.nonFinite", \.training.nonFinite,
        "if numbers are not finite: end, drop the update, go back",
        changesResult: false),
      Setting(
        "training.nonFiniteLimit", \.training.nonFiniteLimit,
        "updates dropped in a row, or rollbacks, before the end", allowed: .from(0, to: 1_000_000), changesResult: false
      ),
    ]
  }
}
extension Precision: Choice {}

extension Configuration.Training {
  /// The moving average of the encoder over the steps; there is none where the decay is null.
  package struct Average: Codable, Sendable, Equatable {
    package var decay: Double?
    package var from = 0

    package init() {}
  }
}

extension Configuration {
  /// The reaction of training to a loss or gradient that is not finite.
  package enum NonFinitePolicy: String, Choice {
    /// Training ends.
    case stop
    /// The update is left out.
    case skip
    /// Training goes back to the last checkpoint, and on from there with other crops.
    case rollback
  }
}
