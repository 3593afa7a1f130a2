/// A map's lines in the order in which ReDimNet counts them (wespeaker's `to1d`): line h of channel c is row
/// h · channels + c. Where channels become as many times more as lines become fewer, the number of rows stays the same,
/// so that maps of several shapes can be added row by row.
///
/// A map of height 1 has its rows in memory as they are counted.
package struct MapRows: Sendable, Equatable {
  package let channels: Int
  package let height: Int

  package init(channels: Int, height: Int = 1) {
    self.channels = channels
    self.height = height
  }

  package var count: Int { channels * height }

  /// The shape of as many rows whose height is smaller by a factor.
  package func steppedOver(_ lines: Int) -> MapRows { MapRows(channels: channels * lines, height: height / lines) }

  package func grid(utterances: Int, frames: Int) -> Grid {
    Grid(utterances: utterances, height: height, frames: frames)
  }

  /// The first frame of a row of an utterance, in a map of lines of so many frames.
  func line(_ row: Int, of utterance: Int, in map: MatrixView, frames: Int) -> UnsafeMutablePointer<Float> {
    map.row(row % channels) + (utterance * height + row / channels) * frames
  }

  /// The rows of a map, channels × (utterances · height · frames), as a matrix, rows × (utterances · frames).
  package func rows(of map: AffineView, frames: Int) -> Matrix {
    let utterances = map.columns / (height * frames)
    let result = Matrix(rows: count, columns: utterances * frames)
    inParallel(count) { row in
      for utterance in 0..<utterances {
        let start = (utterance * height + row / channels) * frames
        map.write(row: row % channels, columns: start..<start + frames, to: result.row(row) + utterance * frames)
      }
    }
    return result
  }

  /// The map whose rows are those of a matrix, rows × (utterances · frames).
  package func map(of rows: MatrixView, frames: Int) -> Matrix {
    let utterances = rows.columns / frames
    let result = Matrix(rows: channels, columns: utterances * height * frames)
    inParallel(count) { row in
      for utterance in 0..<utterances {
        line(row, of: utterance, in: result.view, frames: frames).update(
          from: rows.row(row) + utterance * frames, count: frames)
      }
    }
    return result
  }
}

extension MapRows {
  /// The rows of a graph's map, as [utterances, rows, frames].
  package func describeRows(of map: EncoderGraph.Value, in graph: inout EncoderGraph) -> EncoderGraph.Value {
    let turned = graph.add("Transpose", map, attributes: ["perm": [0, 2, 1, 3]])
    return graph.add("Reshape", turned, graph.integers(0, count, -1))
  }

  /// The map whose rows are [utterances, rows, frames] in a graph.
  package func describeMap(of rows: EncoderGraph.Value, in graph: inout EncoderGraph) -> EncoderGraph.Value {
    let cut = graph.add("Reshape", rows, graph.integers(0, height, channels, -1))
    return graph.add("Transpose", cut, attributes: ["perm": [0, 2, 1, 3]])
  }
}
