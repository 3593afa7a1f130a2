extension Configuration {
  /// How the views of one utterance differ.
  package struct Views: Codable, Sendable, Equatable {
    package typealias Segment = BatchLoader.Segment

    package var segment = Segment.independent
    package var augmented = [false, true]

    package init() {}

    static let settings = [
      Setting("views.segment", \.views.segment, "crops of an utterance's views: one place, or each its own"),
      Setting(
        "views.augmented", \.views.augmented, "which views are augmented, one true or false a view (batch.views)"),
    ]
  }
}

extension BatchLoader.Segment: Choice {}
