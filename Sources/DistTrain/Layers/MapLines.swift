/// The lines of a map as rows of their own, as features and layers over time alone have them: line h of channel c is
/// row c · height + h, the order in which wespeaker flattens a map.
extension Grid {
  /// The lines of a map, channels × columns, as (channels · height) × (utterances · frames).
  package func lines(of map: AffineView) -> Matrix {
    let result = Matrix(rows: map.rows * height, columns: utterances * frames)
    inParallel(result.rows) { row in
      let (channel, line) = row.quotientAndRemainder(dividingBy: height)
      for utterance in 0..<utterances {
        let start = (utterance * height + line) * frames
        map.write(row: channel, columns: start..<start + frames, to: result.row(row) + utterance * frames)
      }
    }
    return result
  }

  /// The map, channels × columns, whose lines are the rows of a matrix, (channels · height) × (utterances · frames).
  /// Frames of the rows' utterances beyond the grid's are left out.
  package func map(of lines: MatrixView) -> Matrix {
    let result = Matrix(rows: lines.rows / height, columns: columns)
    write(mapOf: lines, to: result.view)
    return result
  }

  /// Writes the map of `map(of:)`.
  func write(mapOf lines: MatrixView, to map: MatrixView) {
    let length = lines.columns / utterances
    precondition(length >= frames, "\(frames) frames of lines of \(length)")
    inParallel(lines.rows) { row in
      let (channel, line) = row.quotientAndRemainder(dividingBy: height)
      for utterance in 0..<utterances {
        (map.row(channel) + (utterance * height + line) * frames).update(
          from: lines.row(row) + utterance * length, count: frames)
      }
    }
  }
}

extension EncoderGraph {
  /// The lines of a map as [utterances, channels · height, frames].
  mutating func lines(of map: Value, rows: Int) -> Value { add("Reshape", map, integers(0, rows, -1)) }
}
