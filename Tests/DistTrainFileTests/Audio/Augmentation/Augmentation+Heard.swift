import DistTrain

extension Augmentation {
  /// The crop as it is heard, with any recordings in the place of those that cannot be read.
  func apply(_ distortion: Distortion, to samples: [Float]) throws -> [Float] {
    var substitution = Substitution(lists, RandomStream(seed: 1, purpose: .substitution))
    return try apply(distortion, to: samples, &substitution).samples
  }

  /// The crop with interference laid over it.
  func apply(_ interference: Interference, to samples: [Float]) throws -> [Float] {
    var distortion = Distortion()
    distortion.interference = interference
    return try apply(distortion, to: samples)
  }
}
