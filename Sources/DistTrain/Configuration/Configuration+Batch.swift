extension Configuration {
  /// The global batch, whatever the number of ranks.
  package struct Batch: Codable, Sendable, Equatable {
    package typealias Draw = SpeakerBatchSampler.Draw
    package typealias Sessions = SpeakerBatchSampler.Sessions

    package var speakers = 16
    package var utterances = 2
    package var views = 2
    package var draw = Draw.utterances
    package var sessions = Sessions.any
    package var unit = 4

    package init() {}

    /// Rows of the global batch: speakers · utterances · views.
    package var rows: Int { speakers * utterances * views }

    /// Units of the global batch, of which a rank has whole ones.
    package var units: Int { BatchCut.units(rows: rows, unit: unit) }

    /// Far beyond use, and small enough for the product of three.
    private static let allowed = Allowed.from(1, to: 1_000_000)

    /// The most rows of a global batch: their frames, bins and channels, multiplied, are far from overflowing.
    static let mostRows = 10_000_000

    static let settings = [
      Setting("batch.speakers", \.batch.speakers, "speakers in the global batch", allowed: allowed),
      Setting("batch.utterances", \.batch.utterances, "utterances of each speaker", allowed: allowed),
      Setting("batch.views", \.batch.views, "views of each utterance, a row each", allowed: allowed),
      Setting("batch.draw", \.batch.draw, "how an epoch is shared among speakers"),
      Setting("batch.sessions", \.batch.sessions, "sessions of a speaker's utterances in a batch, if ids name them"),
      Setting(
        "batch.unit", \.batch.unit, "rows that stay together on a rank and are summed as one",
        allowed: allowed),
    ]
  }
}

extension SpeakerBatchSampler.Draw: Choice {}
extension SpeakerBatchSampler.Sessions: Choice {}

extension Configuration {
  /// How the views of one utterance differ.
  package struct Views: Codable, Sendable, Equatable {
    package typealias Segment = BatchLoader.Segment

    package var segment = Segment.independent
    package var augmented = [false, true]

    package init() {}

    static let settings = [
      Setting("views.segment", \.views.segment, "whether an utterance's views are cut from the same place"),
      Setting(
        "views.augmented", \.views.augmented, "which views are augmented, one true or false a view (batch.views)"),
    ]
  }
}

extension BatchLoader.Segment: Choice {}

extension Configuration {
  /// The piece of an utterance that becomes a row.
  package struct Crop: Codable, Sendable, Equatable {
    package typealias Filling = BatchLoader.Filling

    package var seconds = 2.0
    package var maximumSeconds: Double?
    package var short = Filling.tile

    package init() {}

    /// The lengths that a step's crops are drawn from.
    package var lengths: ClosedRange<Double> { seconds...max(seconds, maximumSeconds ?? seconds) }

    static let settings = [
      Setting("crop.seconds", \.crop.seconds, "length of a row in seconds", allowed: .from(0.2, to: 60)),
      Setting(
        "crop.maximumSeconds", \.crop.maximumSeconds,
        "each step draws a length from crop.seconds up to this",
        allowed: .from(0.2, to: 60)
      ),
      Setting("crop.short", \.crop.short, "how a short row is filled: the utterance again, or zeros"),
    ]
  }
}

extension BatchLoader.Filling: Choice {}
