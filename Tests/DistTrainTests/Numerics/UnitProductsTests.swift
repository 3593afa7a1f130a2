import DistTrain
import Testing

/// Products of a batch's units, summed in the order of the tree, against the same made one by one.
@Suite struct UnitProductsTests {
  struct Case: Sendable {
    let rows: Int
    let columns: Int
    /// Columns of an utterance.
    let frames: Int
    /// Utterances of each unit.
    let sizes: [Int]
  }

  static let cases = [
    Case(rows: 5, columns: 7, frames: 3, sizes: [2]), Case(rows: 1, columns: 1, frames: 1, sizes: [4, 4, 4, 1]),
    Case(rows: 70, columns: 33, frames: 9, sizes: [2, 2, 2, 2, 2, 2, 1]),
    // Several pieces, also on several threads, and blocks of the sums.
    Case(rows: 530, columns: 600, frames: 150, sizes: Array(repeating: 2, count: 5)),
  ]

  private func random(_ rows: Int, _ columns: Int, item: Int) -> Matrix {
    var stream = RandomStream(seed: 12, purpose: .test, item: item)
    return Matrix(rows: rows, columns: columns, (0..<rows * columns).map { _ in Float(stream.normal()) })
  }

  private func units(_ sizes: [Int], nodes: [Range<Int>]) -> BatchUnits { BatchUnits(sizes: sizes, nodes: nodes) }

  /// The nodes' sums, product by product.
  private func expected(_ one: Case, _ a: Matrix, _ b: Matrix, nodes: [Range<Int>]) -> [[Float]] {
    let ranges = units(one.sizes, nodes: nodes).ranges(of: a.columns)
    return nodes.map { node in
      SumTree.sum(of: node) { unit in
        let product = Matrix(rows: one.rows, columns: one.columns)
        multiply(a.columns(ranges[unit]), transposed: b.columns(ranges[unit]), into: product.view)
        return product.values
      } adding: {
        zip($0, $1).map(+)
      }
    }
  }

  @Test(arguments: cases) func `each node gets the tree's sum of its units' products`(one: Case) {
    let columns = one.sizes.reduce(0, +) * one.frames
    let (a, b) = (random(one.rows, columns, item: 1), random(one.columns, columns, item: 2))
    let (turnedA, turnedB) = (a.transposed, b.transposed)
    ThreadTeam.shared.grow(to: 3)
    let tree = SumTree(terms: one.sizes.count)
    for cut in Set([0, one.sizes.count / 3, one.sizes.count]) {
      let nodes = tree.nodes(of: 0..<cut) + tree.nodes(of: cut..<one.sizes.count)
      let expected = expected(one, a, b, nodes: nodes)
      let units = units(one.sizes, nodes: nodes)
      let results = nodes.map { _ in Matrix.zeros(rows: one.rows, columns: one.columns) }
      addUnitProducts(a.view, transposed: b.view, units: units, to: results.map(\.view))
      #expect(results.map(\.values) == expected)
      let turned = nodes.map { _ in Matrix.zeros(rows: one.rows, columns: one.columns) }
      addUnitProducts(transposed: turnedA.view, turnedB.view, units: units, to: turned.map(\.view))
      #expect(turned.map(\.values) == expected)
      // It is added to what is there.
      addUnitProducts(a.view, transposed: b.view, units: units, to: results.map(\.view))
      #expect(results.map(\.values) == expected.map { $0.map { 2 * $0 } })
    }
  }

  @Test func `a unit's product is completed before it is added, wherever the result is cut`() {
    let one = Self.cases[3]
    let columns = one.sizes.reduce(0, +) * one.frames
    let (a, b) = (random(one.rows, columns, item: 3), random(one.columns, columns, item: 4))
    let nodes = [0..<one.sizes.count]
    let result = Matrix.zeros(rows: one.rows, columns: one.columns)
    addUnitProducts(
      a.view, transposed: b.view, units: units(one.sizes, nodes: nodes), to: [result.view],
      completing: { unit, rows, columns, target in
        for (place, row) in rows.enumerated() {
          for (index, column) in columns.enumerated() {
            target.row(place)[index] = Float(unit * 1_000_000 + row * 1000 + column)
          }
        }
      })
    let expected = (0..<one.rows).flatMap { row in
      (0..<one.columns).map { column in
        SumTree.sum(of: nodes[0]) {
          Float($0 * 1_000_000 + row * 1000 + column)
        } adding: {
          $0 + $1
        }
      }
    }
    #expect(result.values == expected)
  }
}
