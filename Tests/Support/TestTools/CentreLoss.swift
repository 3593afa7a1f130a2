package import DistTrain

/// A loss that the library does not have: mean squared distance of rows from the mean of their speaker's rows.
package struct CentreLoss: Objective {
  package let name = "centre"

  package init() {}

  package func evaluate(_ batch: ObjectiveBatch) -> ObjectiveValue {
    let (rows, dimensions) = (batch.speakers.count, batch.embeddings.columns)
    let gradient = Matrix(rows: batch.own.count, columns: dimensions)
    let losses = batch.own.enumerated().map { index, row in
      let companions = batch.speakers.indices.filter { batch.speakers[$0] == batch.speakers[row] }
      return (0..<dimensions).reduce(0.0) { loss, place in
        let centre = companions.reduce(0.0) { $0 + Double(batch.embeddings[$1, place]) } / Double(companions.count)
        let distance = Double(batch.embeddings[row, place]) - centre
        gradient[index, place] = Float(2 * distance / Double(rows))
        return loss + distance * distance / Double(rows)
      }
    }
    return ObjectiveValue(losses: losses, gradient: gradient, terms: rows)
  }
}
