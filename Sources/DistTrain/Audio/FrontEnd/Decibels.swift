/// Levels in decibels, as the front end `speechbrain` has them: those of an utterance are held within 80 below its
/// loudest (SpeechBrain's `processing/features.py`, `Filterbank._amplitude_to_DB`).
enum Decibels {
  /// The decibels of a natural logarithm of 1, 10 / ln 10.
  static let perLogarithm: Float = 4.342944819032518
  /// The decibels between the loudest level and the least.
  static let range: Float = 80

  /// Replaces the natural logarithms of an utterance's energies, bins × frames, by their levels.
  static func replace(_ logarithms: MatrixView) {
    let rows = (0..<logarithms.rows).map {
      UnsafeMutableBufferPointer(start: logarithms.row($0), count: logarithms.columns)
    }
    let loudest = rows.reduce(-Float.infinity) { largest, row in row.reduce(largest) { $1 > $0 ? $1 : $0 } }
    let least = perLogarithm * loudest - range
    for row in rows {
      for column in row.indices {
        let level = perLogarithm * row[column]
        row[column] = level < least ? least : level
      }
    }
  }
}
