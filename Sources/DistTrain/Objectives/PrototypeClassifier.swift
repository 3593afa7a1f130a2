/// Prototypes of the speakers, of which only the directions count. Every rank holds all of them and compares its own
/// rows.
package struct PrototypeClassifier: Classifier {
  package let speakers: Int
  /// The number of prototypes of a speaker, of which the nearest counts.
  package let subcenters: Int
  /// The name of the prototypes' tensor.
  package static let tensor = "projection.weight"

  package init(speakers: Int, subcenters: Int = 1) {
    self.speakers = speakers
    self.subcenters = subcenters
  }

  private var prototypes: Int { speakers * subcenters }

  /// The layout of one tensor, (speakers · subcenters) × dimensions, in which the prototypes of a speaker follow one
  /// another.
  package func layout(dimensions: Int) -> ParameterLayout {
    var layout = ParameterLayout()
    // Xavier's uniform distribution, from which wespeaker draws its projection too.
    let bound = (6 / Float(prototypes + dimensions)).squareRoot()
    _ = layout.add(
      Self.tensor, shape: [prototypes, dimensions], initialisation: .uniform(bound: bound), decays: true)
    return layout
  }

  package func classify(_ batch: ObjectiveBatch, parameters: MatrixView) -> any Classification {
    let directions = LengthNormalization(table(parameters, dimensions: batch.embeddings.columns))
    return PrototypeClassification(
      classifier: self, batch: batch, directions: directions,
      cosines: SpeakerCosines(
        embeddings: batch.embeddings.rows(batch.own), prototypes: directions.unit, subcenters: subcenters))
  }

  /// The number of floats of the prototypes' directions, of the cosines and of the cosines' gradient.
  package func workspace(rows: Int, dimensions: Int) -> Int { prototypes * dimensions + 2 * rows * prototypes }

  fileprivate func table(_ flat: MatrixView, dimensions: Int) -> MatrixView {
    MatrixView(flat.pointer, rows: prototypes, columns: dimensions)
  }
}

private struct PrototypeClassification: Classification {
  let classifier: PrototypeClassifier
  let batch: ObjectiveBatch
  let directions: LengthNormalization
  let cosines: SpeakerCosines

  private var rows: MatrixView { batch.embeddings.rows(batch.own) }

  func loss(_ softmax: AdditiveAngularMarginSoftmax, margin: Double) -> ObjectiveValue {
    let (losses, slopes) = softmax.evaluate(
      cosines, speakers: batch.ownSpeakers, margin: margin, batch: batch.speakers.count)
    let prototypeSlopes = cosines.spread(slopes)
    let gradient = Matrix(rows: batch.own.count, columns: batch.embeddings.columns)
    multiply(prototypeSlopes.view, directions.unit.view, into: gradient.view)
    let pullback = ClassifierPullback { [rows, batch, classifier] nodes in
      addUnitProducts(
        transposed: prototypeSlopes.view, rows, units: batch.units,
        to: nodes.map { classifier.table($0, dimensions: batch.embeddings.columns) })
    } finish: { [directions, batch, classifier] sum in
      let sum = classifier.table(sum, dimensions: batch.embeddings.columns)
      directions.backward(sum, into: sum)
    }
    return ObjectiveValue(losses: losses, gradient: gradient, terms: batch.speakers.count, classifier: pullback)
  }

  func certainty(_ attention: ClassAwareAttention) -> [Double] {
    attention.values(cosines, speakers: batch.ownSpeakers)
  }

  func addCertainty(_ gradient: [Double], _ attention: ClassAwareAttention, to embeddings: Matrix) {
    let byCosine = attention.backward(gradient, cosines: cosines, speakers: batch.ownSpeakers)
    multiply(cosines.spread(byCosine).view, directions.unit.view, into: embeddings.view, adding: true)
  }
}
