extension Configuration {
  /// The composition of the global batch, whatever the number of ranks.
  package struct Batch: Codable, Sendable, Equatable {
    package typealias Draw = SpeakerBatchSampler.Draw
    package typealias Sessions = SpeakerBatchSampler.Sessions

    package var speakers = 16
    package var utterances = 2
    package var views = 2
    package var draw = Draw.utterances
    package var sessions = Sessions.any
    package var unit = 4
    package var microBatches = 1

    package init() {}

    /// The number of rows of the global batch: speakers · utterances · views.
    package var rows: Int { speakers * utterances * views }

    /// The number of units of the global batch; each rank has whole units.
    package var units: Int { BatchCut.units(rows: rows, unit: unit) }

    /// A bound far beyond use, yet small enough that the product of three such numbers does not overflow.
    private static let allowed = Allowed.from(1, to: 1_000_000)

    /// The largest number of rows of a global batch, for which the product of frames, bins and channels is far from
    /// overflowing.
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
      Setting(
        "batch.microBatches", \.batch.microBatches, "parts of a batch that go through the encoder one after another",
        allowed: allowed),
    ]
  }
}

extension SpeakerBatchSampler.Draw: Choice {}
extension SpeakerBatchSampler.Sessions: Choice {}

extension Configuration {
  /// The differences between the views of one utterance.
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

    /// The range in seconds from which the length of a step's crops is drawn.
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
