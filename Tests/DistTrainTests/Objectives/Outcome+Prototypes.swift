import DistTrain

extension BatchObjectives.Outcome {
  /// The prototypes' gradient where one rank holds the batch.
  var prototypeGradient: Matrix { directions.backward(directionGradients[0]) }
}
