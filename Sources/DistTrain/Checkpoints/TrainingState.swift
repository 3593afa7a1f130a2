import Foundation

/// All that a run needs to go on besides its parameters and the optimiser's state; nothing in it belongs to one rank.
package struct TrainingState: Codable, Sendable, Equatable {
  /// The position of the sampler: the next batch is number `index` of epoch `epoch`, both counted from 0.
  package struct SamplerPosition: Codable, Sendable, Equatable {
    package var epoch: Int
    package var index: Int

    package init(epoch: Int, index: Int) {
      self.epoch = epoch
      self.index = index
    }

    enum CodingKeys: String, CodingKey, CaseIterable { case epoch, index }
  }

  /// The number of steps done.
  package var step: Int
  /// The number of the stage, counted from 1, whose tensors the checkpoint has; nil in a training of one piece.
  package var stage: Int?
  package var seed: UInt64
  /// A digest of the resolved configuration, which tells whether the configuration changed.
  package var configuration: String
  /// The contents of the training corpus: `CorpusContents` in words.
  package var corpus: String
  package var sampler: SamplerPosition
  /// The contents of the lists of recordings to augment with, by their kinds; nil from an svdist that did not store
  /// them.
  package var augmentation: [String: String]?
  /// The utterances that could not be read and were replaced, in the order in which they were met.
  package var replaced: [String]
  /// The recordings to augment with that could not be read, by kind and name, in the order in which they were met; nil
  /// from an svdist that ended there.
  package var unreadableRecordings: [String]?
  /// The number of times that training went back to a checkpoint by itself.
  package var rollbacks: Int
  /// The number of updates that were left out because a loss or gradient was not finite.
  package var skipped: Int
  /// The objectives' weights when they were last sought; nil where each step seeks its own.
  package var weighting: WeightSolution?
  /// The version of the svdist that saved the state.
  package var version: String
  /// The number of ranks when the state was saved; any number may go on from it.
  package var ranks: Int
  /// The checksums of `Arithmetic` where the state was saved; nil from an svdist that had none.
  package var arithmetic: [String: String]?

  package init(
    step: Int, stage: Int? = nil, seed: UInt64, configuration: String, corpus: String, sampler: SamplerPosition,
    augmentation: [String: String]? = nil, replaced: [String] = [], unreadableRecordings: [String]? = nil,
    rollbacks: Int = 0, skipped: Int = 0, weighting: WeightSolution? = nil, version: String, ranks: Int,
    arithmetic: [String: String]? = nil
  ) {
    self.step = step
    self.stage = stage
    self.seed = seed
    self.configuration = configuration
    self.corpus = corpus
    self.sampler = sampler
    self.augmentation = augmentation
    self.replaced = replaced
    self.unreadableRecordings = unreadableRecordings
    self.rollbacks = rollbacks
    self.skipped = skipped
    self.weighting = weighting
    self.version = version
    self.ranks = ranks
    self.arithmetic = arithmetic
  }

  /// A bound far above any count, so that sums of such counts do not overflow.
  private static let most = 1_000_000_000_000

  enum CodingKeys: String, CodingKey, CaseIterable {
    case step, stage, seed, configuration, corpus, sampler, augmentation, replaced, unreadableRecordings, rollbacks,
      skipped, weighting
    case version, ranks, arithmetic
  }
}

/// The weights that the objectives got when they were last sought, which a checkpoint keeps for the steps that go on with
/// them.
package struct WeightSolution: Codable, Sendable, Equatable {
  package let weights: [Double]
  /// Whether each objective had a term in the batch.
  package let present: [Bool]

  package init(weights: [Double], present: [Bool]) {
    (self.weights, self.present) = (weights, present)
  }

  package enum CodingKeys: String, CodingKey, CaseIterable { case weights, present }
}

extension TrainingState {
  /// The state as JSON with sorted keys, as a checkpoint stores it.
  package var json: [UInt8] {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
      return [UInt8](try encoder.encode(self)) + [UInt8(ascii: "\n")]
    }
  }

  /// Reads a state.
  /// - Throws: `Failure(.badData)` that names the file and the key which is missing, unknown or of another type, or
  ///   says that a count is out of bounds.
  package init(json: [UInt8], path: String) throws {
    let json = Data(json)
    try StrictJSON.check(json, path: path, keys: CodingKeys.self)
    self = try StrictJSON.decode(Self.self, from: json, path: path)
    try StrictJSON.check(json, path: path, keys: SamplerPosition.CodingKeys.self, inside: CodingKeys.sampler.rawValue)
    if weighting != nil {
      try StrictJSON.check(
        json, path: path, keys: WeightSolution.CodingKeys.self, inside: CodingKeys.weighting.rawValue)
    }
    let counts = [step, stage ?? 1, sampler.epoch, sampler.index, rollbacks, ranks]
    guard counts.allSatisfy((0...Self.most).contains), (0...step).contains(skipped), ranks > 0 else {
      throw Failure(.badData, "\(path): a count is negative or beyond \(Self.most), or there are no ranks")
    }
  }
}
