import Foundation

/// All that a run needs to go on besides its parameters and the optimiser's: nothing in it belongs to one rank.
package struct TrainingState: Codable, Sendable, Equatable {
  /// Where the sampler stands: the next batch is number `index` of epoch `epoch`, both from 0.
  package struct SamplerPosition: Codable, Sendable, Equatable {
    package var epoch: Int
    package var index: Int

    package init(epoch: Int, index: Int) {
      self.epoch = epoch
      self.index = index
    }

    enum CodingKeys: String, CodingKey, CaseIterable { case epoch, index }
  }

  /// Steps done.
  package var step: Int
  package var seed: UInt64
  /// A digest of the resolved configuration, to tell whether it changed.
  package var configuration: String
  /// Which corpus it was trained on: `CorpusContents` in words.
  package var corpus: String
  package var sampler: SamplerPosition
  /// Utterances that could not be read and were replaced, in the order in which they were met.
  package var replaced: [String]
  /// How often training went back to a checkpoint by itself.
  package var rollbacks: Int
  /// Updates that were left out because a loss or gradient was not finite.
  package var skipped: Int
  /// The svdist that saved it.
  package var version: String
  /// Ranks when it was saved; any number may go on.
  package var ranks: Int
  /// The checksums of `Arithmetic` where it was saved; nil from an svdist that had none.
  package var arithmetic: [String: String]?

  package init(
    step: Int, seed: UInt64, configuration: String, corpus: String, sampler: SamplerPosition, replaced: [String] = [],
    rollbacks: Int = 0, skipped: Int = 0, version: String, ranks: Int, arithmetic: [String: String]? = nil
  ) {
    self.step = step
    self.seed = seed
    self.configuration = configuration
    self.corpus = corpus
    self.sampler = sampler
    self.replaced = replaced
    self.rollbacks = rollbacks
    self.skipped = skipped
    self.version = version
    self.ranks = ranks
    self.arithmetic = arithmetic
  }

  /// More than any count comes to: sums of such counts do not overflow.
  private static let most = 1_000_000_000_000

  enum CodingKeys: String, CodingKey, CaseIterable {
    case step, seed, configuration, corpus, sampler, replaced, rollbacks, skipped, version, ranks, arithmetic
  }
}

extension TrainingState {
  package var json: [UInt8] {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
      return [UInt8](try encoder.encode(self)) + [UInt8(ascii: "\n")]
    }
  }

  /// - Throws: `Failure(.badData)` that names the file and the key which is missing, unknown or of another type.
  package init(json: [UInt8], path: String) throws {
    let json = Data(json)
    try StrictJSON.check(json, path: path, keys: CodingKeys.self)
    self = try StrictJSON.decode(Self.self, from: json, path: path)
    try StrictJSON.check(json, path: path, keys: SamplerPosition.CodingKeys.self, inside: CodingKeys.sampler.rawValue)
    let counts = [step, sampler.epoch, sampler.index, rollbacks, ranks]
    guard counts.allSatisfy((0...Self.most).contains), (0...step).contains(skipped), ranks > 0 else {
      throw Failure(.badData, "\(path): a count is negative or beyond \(Self.most), or there are no ranks")
    }
  }
}
