/// The batch and the ranks that share it.
extension ConfigurationDraft {
  /// Chooses 64 rows, as the recipes have: 16 speakers × 2 utterances × 2 views, or, where speech is scarce,
  /// 32 × 2 × 1; fewer where there are not so many speakers, more where ranks need them.
  mutating func chooseBatch() throws {
    let isSingle = corpus.speakersOfOne > 0
    configuration.batch.utterances = isSingle ? 1 : 2
    configuration.batch.views = isSmall && !isSingle ? 1 : 2
    explainUtterances(isSingle: isSingle)
    let each = configuration.batch.utterances * configuration.batch.views
    var speakers = 2
    // Powers of two can be shared by the most numbers of ranks.
    while speakers * 2 <= min(corpus.speakers, Self.usualRows / each) { speakers *= 2 }
    let wanted = request.ranks ?? 1
    while speakers * each < wanted, speakers * 2 <= corpus.speakers { speakers *= 2 }
    configuration.batch.speakers = speakers
    let rows = configuration.batch.rows
    guard rows >= wanted else {
      throw Failure(
        .usage,
        "--ranks \(wanted): a batch of the corpus's \(corpus.speakers.counted("speaker")) has \(rows.counted("row")): "
          + "give at most \(rows)")
    }
    reasons["batch.speakers"] =
      if rows == Self.usualRows {
        "\(each.counted("row")) of each speaker: \(rows) in all, as in the recipes"
      } else if rows < Self.usualRows {
        "the corpus has \(corpus.speakers.counted("speaker")), and those of a batch differ: \(rows.counted("row")), "
          + "where recipes have \(Self.usualRows)"
      } else {
        "\(wanted.counted("rank")) need as many rows: \(rows), where recipes have \(Self.usualRows)"
      }
  }

  private mutating func explainUtterances(isSingle: Bool) {
    if isSingle {
      let speakers = corpus.speakersOfOne
      reasons["batch.utterances"] =
        "\(speakers) of \(corpus.speakers) speakers \(speakers == 1 ? "has" : "have") one utterance (svdist prepare "
        + "--minimum-utterances 2 leaves them out)"
      reasons["batch.views"] = "two crops of an utterance are the contrastive loss's positives"
    } else {
      reasons["batch.utterances"] =
        "each speaker has \(corpus.utterancesOfSpeakers[0].counted("utterance")) or more: two are the contrastive "
        + "loss's positives"
      reasons["batch.views"] =
        isSmall
        ? "on \(amount) another utterance teaches more than a second crop of the same one"
        : "two crops of each utterance: one as recorded, one that can be augmented"
    }
  }

  mutating func chooseAugmentation() {
    let folders = [("musan", request.musan), ("rooms", request.rooms)]
    for (name, folder) in folders where folder != nil { reasons["augmentation.\(name)"] = "as --\(name) says" }
    (configuration.augmentation.musan, configuration.augmentation.rooms) = (request.musan, request.rooms)
    guard configuration.batch.views == 1 else { return }
    configuration.views.augmented = [configuration.augmentation.isOn]
    reasons["views.augmented"] =
      configuration.augmentation.isOn
      ? "the only view is augmented, as often as augmentation.probability says"
      : "nothing to augment with is named: see the end"
  }

  /// Chooses a rank for each core, as far as the batch has units for them and the memory holds their parameters.
  mutating func chooseRanks() {
    let batch = configuration.batch
    guard let wanted = request.ranks else {
      ranks = max(1, min(cores, batch.units))
      // Half of the memory is left to rows, features and evaluations.
      while let memory, ranks > 1, ranks * stateBytes(ranks: ranks) > memory / 2 { ranks -= 1 }
      return
    }
    ranks = wanted
    guard wanted > batch.units else { return }
    configuration.batch.unit = batch.rows / wanted
    reasons["batch.unit"] = "\(wanted.counted("rank")) share \(batch.rows.counted("row")), and each has whole units"
  }

  /// The bytes that parameters, gradients and the optimiser's state take on each of so many ranks.
  func stateBytes(ranks: Int) -> Int {
    let network = configuration.network
    let classification = configuration.classification
    let prototypes = Double(corpus.speakers * classification.subcenters * network.dimensions)
    let holders = classification.sharded ? min(ranks, PrototypePieces.most) : 1
    let gradients = configuration.weighting.space == .parameters ? 2 : 1
    let moments = configuration.optimizer.type == .sgd ? 1 : 2
    let numbers = Double(network.layout.parameters.count) + prototypes / Double(holders)
    return Int(numbers * Double((1 + gradients + moments) * MemoryLayout<Float>.stride))
  }
}
