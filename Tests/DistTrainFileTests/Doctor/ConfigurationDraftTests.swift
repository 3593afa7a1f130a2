import DistTrain
import Foundation
import TestTools
import Testing

/// The settings that are chosen for a corpus and a machine.
@Suite struct ConfigurationDraftTests {
  /// A corpus of speakers with so many utterances each, all of one length.
  static func corpus(_ speakers: Int, of utterances: Int, seconds: Double) -> CorpusFacts {
    CorpusFacts(
      utterancesOfSpeakers: Array(repeating: utterances, count: speakers),
      lengths: Array(repeating: seconds, count: speakers * utterances))
  }

  /// Corpora of the sizes of speechocean762's train part and of the dev parts of VoxCeleb.
  static let speechocean = corpus(125, of: 20, seconds: 4.08)
  static let voxceleb1 = corpus(1211, of: 123, seconds: 8.2)
  static let voxceleb2 = corpus(5994, of: 182, seconds: 7.8)

  static func draft(
    _ corpus: CorpusFacts, cores: Int = 2, memory: Int? = nil,
    _ change: (inout ConfigurationDraft.Request) -> Void = { _ in }
  ) throws -> ConfigurationDraft {
    var request = ConfigurationDraft.Request(train: "absent/train")
    change(&request)
    return try ConfigurationDraft(corpus, .wide(cores: cores), memory: memory, request)
  }

  /// A configuration of `configurations/`, without its folders, as those of a draft are compared.
  private static func recipe(_ name: String) throws -> Configuration {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    return withoutFolders(try Configuration.load(file: root.appending(path: "configurations/\(name).yaml").path))
  }

  private static func withoutFolders(_ configuration: Configuration) -> Configuration {
    var configuration = configuration
    configuration.corpus = .init()
    (configuration.augmentation.musan, configuration.augmentation.rooms) = (nil, nil)
    configuration.contrastive.attention.scale = configuration.classification.scale
    return configuration
  }

  /// Recipes, and the type of encoder that is asked for; nil where none is.
  static let recipes: [(name: String, encoder: String?)] = [
    ("voxceleb1-ecapa", nil), ("voxceleb1-resnet34", "resnet"), ("voxceleb1-xvector", "x-vector"),
    ("voxceleb1-redimnet2-b2", "redimnet2"), ("voxceleb2-campplus", "campplus"), ("voxceleb2-redimnet-b2", "redimnet"),
    ("voxceleb2-redimnet2-b2", "redimnet2"),
  ]

  @Test func `a corpus of speechocean762's size gets its recipe, but for the rounding of steps`() throws {
    var expected = try Self.recipe("speechocean-ecapa")
    #expect(expected.training.steps == 600)
    expected.training.steps = 640
    expected.schedule.margin.end = 320
    expected.evaluation.everySteps = 210
    expected.checkpoint.everySteps = 110
    let draft = try Self.draft(Self.speechocean) {
      $0.heldOut = .init(corpus: "dev", trials: "trials", speakers: 60, utterances: 1200, trialCount: 9, targets: 4)
    }
    #expect(Self.withoutFolders(draft.configuration).differingYAML == expected.differingYAML)
    #expect(draft.configuration.corpus.train == "absent/train" && draft.configuration.corpus.evaluation == "dev")
    #expect(draft.configuration.corpus.trials == "trials")
  }

  @Test(arguments: recipes)
  func `corpora of VoxCeleb's sizes get its recipes`(name: String, encoder: String?) throws {
    let expected = try Self.recipe(name)
    let draft = try Self.draft(name.hasPrefix("voxceleb1") ? Self.voxceleb1 : Self.voxceleb2) {
      ($0.musan, $0.rooms) = ("musan", "rirs")
      $0.heldOut = .init(corpus: "test", trials: "trials", speakers: 40, utterances: 4708, trialCount: 9, targets: 4)
      $0.encoder = EncoderArchitecture.known.first { $0.name == encoder }
    }
    #expect(draft.configuration.augmentation.musan == "musan" && draft.configuration.augmentation.rooms == "rirs")
    #expect(Self.withoutFolders(draft.configuration).differingYAML == expected.differingYAML)
  }

  @Test(arguments: [(2, 2, 4), (3, 2, 4), (23, 16, 32), (32, 32, 64), (1000, 32, 64)])
  func `few speakers make small batches`(speakers: Int, chosen: Int, rows: Int) throws {
    let draft = try Self.draft(Self.corpus(speakers, of: 10, seconds: 3))
    let batch = draft.configuration.batch
    #expect(batch.speakers == chosen && batch.utterances == 2 && batch.views == 1 && batch.rows == rows)
    #expect(draft.configuration.views.augmented == [false])
  }

  @Test func `thirty hours are the end of the short course`() throws {
    let (short, long) = (Self.corpus(100, of: 100, seconds: 10.79), Self.corpus(100, of: 100, seconds: 10.81))
    let drafts = try [short, long].map { try Self.draft($0).configuration }
    #expect(drafts.map(\.optimizer.type) == [.adam, .sgd] && drafts.map(\.batch.views) == [1, 2])
    #expect(drafts.map { $0.encoder.own["channels"] } == [.number(256), .number(512)])
    #expect(drafts.map(\.batch.speakers) == [32, 16] && drafts.map(\.batch.rows) == [64, 64])
  }

  @Test func `where speakers have one utterance, views are the positives`() throws {
    var counts = Array(repeating: 5, count: 40)
    counts[7] = 1
    let facts = CorpusFacts(utterancesOfSpeakers: counts, lengths: Array(repeating: 3, count: 196))
    let draft = try Self.draft(facts)
    let batch = draft.configuration.batch
    #expect(batch.utterances == 1 && batch.views == 2 && batch.speakers == 32)
    #expect(draft.configuration.views.augmented == [false, true])
    #expect(draft.reasons["batch.utterances"]?.contains("1 of 40 speakers has one utterance") == true)
  }

  @Test func `the only view is augmented where there is something to augment with`() throws {
    let draft = try Self.draft(Self.speechocean) { $0.rooms = "rirs" }
    #expect(draft.configuration.views.augmented == [true] && draft.configuration.augmentation.rooms == "rirs")
    #expect(draft.configuration.augmentation.musan == nil)
  }

  @Test(arguments: [(0.2, 0.5), (0.57, 0.5), (1.26, 1.2), (1.99, 1.9), (2.0, 2.0), (7.0, 2.0)])
  func `crops are no longer than the middle utterance`(seconds: Double, crop: Double) throws {
    #expect(try Self.draft(Self.corpus(20, of: 20, seconds: seconds)).configuration.crop.seconds == crop)
  }

  /// A step draws 32 s of utterances of 1 s, and 64 s of longer ones: 8 · 640 / 32, 8 · 2496 / 64, 8 · 37,760 / 64.
  @Test(arguments: [(40, 1.0, 300), (39, 4.0, 310), (40, 59.0, 4700)])
  func `steps follow from the hours, and the schedule from the steps`(
    utterances: Int, seconds: Double, steps: Int
  ) throws {
    let configuration = try Self.draft(Self.corpus(16, of: utterances, seconds: seconds)).configuration
    #expect(configuration.training.steps == steps && configuration.schedule.margin.end == steps / 2)
  }

  @Test func `many speakers share their prototypes out over ranks`() throws {
    let drafts = try [50_000, 50_001].map { try Self.draft(Self.corpus($0, of: 2, seconds: 3)).configuration }
    #expect(drafts.map(\.classification.sharded) == [false, true])
  }

  @Test func `nothing can be learnt from one speaker, or from one utterance of each`() {
    for (facts, words) in [
      (Self.corpus(1, of: 9, seconds: 3), "absent/train: all utterances are of one speaker"),
      (Self.corpus(0, of: 0, seconds: 3), "absent/train: there are no utterances"),
      (Self.corpus(9, of: 1, seconds: 3), "absent/train: each of the 9 speakers has one utterance"),
    ] {
      let thrown = failure { _ = try Self.draft(facts) }
      #expect(thrown?.kind == .badData && thrown?.message.contains(words) == true, "\(String(describing: thrown))")
      #expect(thrown?.message.contains("is the second field of utt2spk the speaker") == true)
    }
  }
}
