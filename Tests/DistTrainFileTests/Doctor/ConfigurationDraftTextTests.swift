import DistTrain
import Foundation
import TestTools
import Testing

/// The files that drafts become.
@Suite struct ConfigurationDraftTextTests {
  private typealias Drafts = ConfigurationDraftTests

  /// Drafts of all kinds: of few and many speakers, of all encoders, with and without folders.
  private static func drafts() throws -> [ConfigurationDraft] {
    let corpora = [
      Drafts.corpus(2, of: 2, seconds: 0.3), Drafts.speechocean, Drafts.voxceleb1,
      Drafts.corpus(60_000, of: 2, seconds: 9.87654),
    ]
    var drafts: [ConfigurationDraft] = []
    for corpus in corpora {
      drafts.append(try Drafts.draft(corpus, cores: 1))
      let sampled = corpus.with { $0.rates = [8000: 3, 16_000: 190, 44_100: 7] }
      for encoder in EncoderArchitecture.known {
        drafts.append(try Drafts.draft(corpus, cores: 96) { $0.encoder = encoder })
        let whole = try Drafts.draft(sampled, cores: 1, memory: 7_654_321_000) { request in
          (request.encoder, request.ranks) = (encoder, 4)
          (request.musan, request.rooms) = ("a: b # c", "/r i/'r'")
          request.heldOut = .init(
            corpus: "absent/dev", trials: "absent/dev/trials", speakers: 1251, utterances: 153_516, trialCount: 37_611,
            targets: 18_802)
        }
        drafts.append(whole)
      }
    }
    return drafts
  }

  private static func load(_ text: String) throws -> Configuration {
    var loaded: Configuration?
    try withConfigurationFile(text) { loaded = try Configuration.load(file: $0) }
    return try #require(loaded)
  }

  @Test func `every file reads back as the draft's configuration`() throws {
    for draft in try Self.drafts() {
      var expected = draft.configuration
      expected.contrastive.attention.scale = expected.classification.scale
      let loaded = try Self.load(draft.text(file: "c.yaml", stepsPerEpoch: 17))
      #expect(loaded == expected, "\(loaded.differingYAML)\n\(expected.differingYAML)")
    }
  }

  @Test func `every setting stands below its reason, and no comment is wider than 120 columns`() throws {
    for draft in try Self.drafts() {
      let lines = draft.text(file: String(repeating: "x", count: 40), stepsPerEpoch: 1_234_567).split(
        separator: "\n", omittingEmptySubsequences: false)
      let trimmed = lines.map { $0.trimmingCharacters(in: .whitespaces) }
      let settings = trimmed.indices.filter { !trimmed[$0].isEmpty && !trimmed[$0].hasPrefix("#") }
      let values = settings.filter { !trimmed[$0].hasSuffix(":") }
      #expect(values.count == draft.reasons.count)
      for index in values { #expect(trimmed[index - 1].hasPrefix("# "), "\(trimmed[index])") }
      for line in lines { #expect(line.count <= 120, "\(line)") }
    }
  }

  @Test func `what stays open is taken without its mark`() throws {
    let draft = try Drafts.draft(Drafts.speechocean.with { $0.rates = [8000: 1, 16_000: 1] })
    let lines = draft.text(file: nil, stepsPerEpoch: 39).split(separator: "\n")
    let marked = lines.filter { $0.hasPrefix("#") && !$0.hasPrefix("# ") }
    #expect(marked.count == 5 && draft.hints.count == 5)
    let loaded = try Self.load(
      lines.map { marked.contains($0) ? String($0.dropFirst()) : String($0) }.joined(separator: "\n"))
    let folders = [loaded.augmentation.musan, loaded.augmentation.rooms, loaded.corpus.evaluation]
    #expect(folders.map { $0?.split(separator: "/").last } == ["musan", "rirs", "evaluation"])
    #expect(loaded.augmentation.codec.probability == 0.2 && loaded.corpus.train == "absent/train")
    #expect(loaded.corpus.trials?.hasSuffix("data/evaluation/trials") == true)
  }

  @Test func `bf16 is left open where the CPU multiplies it`() throws {
    let request = ConfigurationDraft.Request(train: "absent/train")
    let facts = MachineFacts.wide(cores: 2)
    let hints = try [facts, facts.with { $0.hasBfloat16 = true }].map {
      try ConfigurationDraft(Drafts.speechocean, $0, memory: nil, request).hints.map(\.line)
    }
    #expect(hints.map { $0.contains("training.precision: bf16") } == [false, true])
  }

  @Test func `the head has the facts, the course and the commands`() throws {
    let draft = try Drafts.draft(Drafts.speechocean.with { $0.rates = [16_000: 193] }, memory: 7_500_000_000)
    let head = draft.text(file: "ours.yaml", stepsPerEpoch: 39).split(separator: "\n").prefix(7)
    #expect(
      Array(head) == [
        "# by svdist init, for 125 speakers, 2500 utterances, 2.83 hours; 2 cores, 7.50 GB of memory left",
        "# sampled at 16 kHz, as far as looked at",
        "# 640 steps of 64 rows, 16.4 epochs of 39 steps",
        "# each of 2 ranks takes about 0.05 GB of memory for parameters, gradients and the optimiser's state, beside its "
          + "rows",
        "# start it:        svdist launch -np 2 -- --config ours.yaml --run-dir runs/first",
        "# time it takes:   svdist plan --config ours.yaml --ranks 2",
        "# other settings:  svdist config --config ours.yaml",
      ])
  }

  @Test func `a file with a name for no shell, and one rank, make other commands`() throws {
    let text = try Drafts.draft(Drafts.speechocean, cores: 1).text(file: "a b.yaml", stepsPerEpoch: 39)
    #expect(text.contains("# start it:        svdist --config FILE --run-dir runs/first\n"))
    let wide = try Drafts.draft(Drafts.speechocean) { $0.ranks = 8 }.text(file: nil, stepsPerEpoch: 39)
    #expect(wide.contains("more than the cores here") && wide.contains("svdist launch -np 8 -- --config FILE"))
  }

  @Test(arguments: [
    ([8000: 5], "sampled at 8 kHz, as far as looked at", "nothing in them is above 4 kHz"),
    (
      [8000: 5, 16_000: 9, 44_100: 9], "of 23 recordings looked at 9 at 16 kHz, 9 at 44.1 kHz, 5 at 8 kHz",
      "those of 8 kHz or less"
    ),
    ([22_050: 1, 16_000: 2], "of 3 recordings looked at 2 at 16 kHz, 1 at 22.1 kHz; all become 16 kHz", "16 kHz"),
  ])
  func `sampling rates are told, the usual ones first`(rates: [Int: Int], words: String, remark: String) throws {
    let text = try Drafts.draft(Drafts.speechocean.with { $0.rates = rates }).text(file: nil, stepsPerEpoch: 39)
    #expect(text.contains("# \(words)") && text.contains(remark), "\(text)")
    let isMixed = rates[8000] != nil && rates.count > 1
    #expect(text.contains("\n#augmentation.codec:") == isMixed)
  }
}

extension CorpusFacts {
  fileprivate func with(_ change: (inout CorpusFacts) -> Void) -> CorpusFacts {
    var facts = self
    change(&facts)
    return facts
  }
}
