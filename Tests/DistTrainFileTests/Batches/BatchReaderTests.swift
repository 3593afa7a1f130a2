import DistTrain
import TestTools
import Testing

@Suite struct BatchReaderTests {
  /// Two recordings a speaker, one of them missing.
  private func corpus(_ folder: TestFolder) throws -> Corpus {
    var utterances: [ListedUtterance] = []
    for speaker in 0..<4 {
      for number in 0..<3 {
        let name = "s\(speaker)-u\(number).wav"
        if (speaker, number) != (2, 1) { try folder.writeTone(name, seconds: 1 + 0.1 * Double(number)) }
        utterances.append(
          ListedUtterance(
            id: "s\(speaker)/u\(number)", speaker: "s\(speaker)", path: folder.path(name), seconds: 1))
      }
    }
    return Corpus(utterances)
  }

  private func plan(_ corpus: Corpus, _ settings: [String] = []) throws -> TrainingPlan {
    try TrainingPlan(
      Configuration.load(
        file: nil,
        overrides: [
          "batch.speakers=4", "batch.utterances=2", "crop.seconds=0.5", "encoder.channels=16", "features.bins=24",
          "training.steps=6",
        ] + settings), corpus: corpus)
  }

  @Test func `any number of threads loads the same features and finds the same broken files`() throws {
    let folder = try TestFolder()
    let plan = try plan(corpus(folder))
    let four = ThreadTeam()
    four.grow(to: 4)
    var found = 0
    for step in 0..<3 {
      let rows = plan.batches.sampler.batch(step: step)
      let one = try plan.batches.loader.load(rows, own: 0..<rows.count, unreadable: [])
      let other = try plan.batches.loader.load(rows, own: 0..<rows.count, unreadable: [], readers: four)
      #expect(one.features.values == other.features.values)
      #expect(one.unreadable == other.unreadable)
      found += one.unreadable.count
    }
    #expect(found > 0)
  }

  @Test func `any number of threads puts the same noises in the place of broken ones, and finds the same`() throws {
    let (folder, noises) = (try TestFolder(), try TestFolder())
    for name in ["b.wav", "d.wav"] { try noises.writeTone(name, seconds: 0.7) }
    for name in ["a.wav", "c.wav", "e.wav"] { try noises.write(name, "no audio") }
    let plan = try plan(corpus(folder), ["augmentation={noise: \(noises.path), probability: 1}"])
    let four = ThreadTeam()
    four.grow(to: 4)
    var found: Set<RecordingPlace> = []
    for step in 0..<3 {
      let rows = plan.batches.sampler.batch(step: step)
      let one = try plan.batches.loader.load(rows, own: 0..<rows.count, unreadable: [])
      let other = try plan.batches.loader.load(rows, own: 0..<rows.count, unreadable: [], readers: four)
      #expect(one.features.values == other.features.values && one.rows == other.rows)
      #expect(one.unreadableRecordings == other.unreadableRecordings)
      // Each once, and rows say what was laid over them.
      #expect(Set(one.unreadableRecordings.map(\.place)).count == one.unreadableRecordings.count)
      for row in one.rows {
        if case .noise(let file, _, _) = row.distortion.interference { #expect([1, 3].contains(file)) }
      }
      found.formUnion(one.unreadableRecordings.map(\.place))
      // A rank's share is that of the batch, whatever the other rows met.
      let share = try plan.batches.loader.load(rows, own: 5..<rows.count, unreadable: [])
      #expect(share.rows == Array(one.rows[5...]))
    }
    #expect(found == Set([0, 2, 4].map { RecordingPlace(kind: .noise, index: $0) }))
  }

  @Test func `a batch is the same whether its broken files were known or met`() throws {
    let folder = try TestFolder()
    let corpus = try corpus(folder)
    let plan = try plan(corpus)
    let broken = try #require(corpus.utterances.indices.first { corpus.utterances[$0].id == "s2/u1" })
    for step in 0..<3 {
      let rows = plan.batches.sampler.batch(step: step)
      let met = try plan.batches.loader.load(rows, own: 0..<rows.count, unreadable: [])
      let known = try plan.batches.loader.load(rows, own: 0..<rows.count, unreadable: [broken])
      #expect(met.features.values == known.features.values)
    }
  }

  @Test func `steps that read ahead equal steps that did not`() throws {
    let folder = try TestFolder()
    let plan = try plan(corpus(folder))
    func trainer() -> Trainer {
      var sizes = ECAPATDNN.Sizes()
      sizes.bins = 24
      sizes.channels = 16
      sizes.aggregation = 48
      return Trainer(encoder: ECAPATDNN(sizes), plan: plan, communicator: SoleCommunicator(), readers: 2)
    }
    let ahead = trainer()
    let plain = trainer()
    for step in 0..<5 {
      let metrics = try ahead.advance().metrics
      let rows = plan.batches.sampler.batch(step: step)
      let batch = try plan.batches.loader.load(rows, own: 0..<rows.count, unreadable: [])
      let expected = try plain.learn(batch.features, speakers: rows.map(\.speaker))
      #expect(metrics["classification"].loss == expected["classification"].loss)
    }
    #expect(ahead.parameters.values == plain.parameters.values)
  }

  @Test func `a speaker without any readable file ends the step that needs it, not the one before`() throws {
    let folder = try TestFolder()
    let corpus = try corpus(folder)
    let plan = try plan(
      Corpus(
        corpus.utterances.map {
          ListedUtterance(
            id: $0.id, speaker: corpus.speakers[$0.speaker],
            path: corpus.speakers[$0.speaker] == "s3" ? folder.path("none") : $0.path, seconds: 1)
        }))
    let trainer = Trainer(
      encoder: ECAPATDNN(ECAPATDNN.Sizes()), plan: plan, communicator: SoleCommunicator())
    #expect(throws: AgreedFailure.self) { _ = try trainer.advance() }
    #expect(trainer.step == 0)
  }
}
