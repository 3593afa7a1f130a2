import DistTrain
import Testing

/// Maps whose lines are counted line after line, each with all its channels.
@Suite struct MapRowsTests {
  private static let shape = MapRows(channels: 2, height: 3)

  @Test func `a line's channels are neighbouring rows, and rows become the map again`() {
    let grid = Self.shape.grid(utterances: 2, frames: 5)
    #expect(grid == Grid(utterances: 2, height: 3, frames: 5) && Self.shape.count == 6)
    let map = LayerProbe.normal(2, grid.columns, item: 90)
    let rows = Self.shape.rows(of: AffineView(map.view, scales: [1, 2], shifts: [0, 3]).rectified, frames: 5)
    #expect(rows.rows == 6 && rows.columns == 10)
    for row in 0..<6 {
      for column in 0..<10 {
        let value = map[row % 2, (column / 5 * 3 + row / 2) * 5 + column % 5]
        #expect(rows[row, column] == max(row % 2 == 0 ? value : 2 * value + 3, 0))
      }
    }
    let plain = Self.shape.rows(of: AffineView(map.view), frames: 5)
    #expect(Self.shape.map(of: plain.view, frames: 5).values == map.values)
  }

  @Test func `a map of height 1 has its rows in memory as they are counted`() {
    let map = LayerProbe.normal(6, 10, item: 91)
    #expect(MapRows(channels: 6).rows(of: AffineView(map.view), frames: 5).values == map.values)
  }

  @Test func `frames of features beyond a grid's are left out`() {
    let features = Matrix(rows: 2, columns: 6, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
    let map = Grid(utterances: 2, height: 2, frames: 2).map(of: features.view)
    #expect(map.rows == 1 && map.values == [0, 1, 6, 7, 3, 4, 9, 10])
  }
}
