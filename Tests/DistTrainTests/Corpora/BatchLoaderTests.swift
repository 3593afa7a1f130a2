import DistTrain
import Testing

@Suite struct BatchLoaderTests {
  private let noise: NoiseCorpus

  init() throws { noise = try NoiseCorpus(speakers: 2, utterances: 2, seconds: 2) }

  private func loader(
    _ corpus: Corpus? = nil, segment: BatchLoader.Segment = .independent, augmented: [Bool] = [false, false],
    augmentation: Augmentation? = nil, seconds: Double = 0.4, dither: Double = 0
  ) throws -> BatchLoader {
    let corpus = corpus ?? noise.corpus
    return try BatchLoader(
      corpus: corpus,
      sampler: SpeakerBatchSampler(corpus: corpus, speakers: 2, utterances: 1, views: augmented.count, seed: 1),
      filterBank: FilterBank(bins: NoiseCorpus.bins, dither: dither),
      augmentation: augmentation ?? Augmentation(noise: nil, rooms: nil), segment: segment, augmentedViews: augmented,
      seconds: seconds, seed: 1)
  }

  private func row(_ utterance: Int, view: Int = 0, epoch: Int = 0) -> BatchRow {
    BatchRow(utterance: utterance, speaker: utterance / 2, occurrence: 0, view: view, epoch: epoch)
  }

  /// The features of each row.
  private func load(_ loader: BatchLoader, _ rows: [BatchRow]) throws -> [[Float]] {
    let features = try loader.load(rows, own: 0..<rows.count, unreadable: []).features
    return rows.indices.map { row in
      (0..<features.rows).flatMap { bin in
        (0..<loader.frames).map { features[bin, row * loader.frames + $0] }
      }
    }
  }

  private func features(_ samples: some Sequence<Float>) -> [Float] {
    FilterBank(bins: NoiseCorpus.bins, dither: 0).features(of: Array(samples), dither: nil).values
  }

  @Test func `views are the same stretch or each their own, as set`() throws {
    let rows = [row(0), row(0, view: 1)]
    let same = try load(loader(segment: .same), rows)
    #expect(same[0] == same[1])
    let independent = try load(loader(segment: .independent), rows)
    #expect(independent[0] != independent[1])
  }

  @Test func `epochs and utterances have crops of their own, equal rows equal ones`() throws {
    let loader = try loader()
    let rows = try load(loader, [row(0), row(0, epoch: 1), row(0, epoch: 2), row(0)])
    #expect(rows[0] != rows[1] && rows[1] != rows[2] && rows[0] != rows[2])
    #expect(rows[0] == rows[3])
  }

  @Test func `a crop lies within the utterance's own segment of its file`() throws {
    let samples = NoiseCorpus.noise(speaker: 0, utterance: 0, seconds: 2)
    let corpus = Corpus(
      (0..<2).map { speaker in
        ListedUtterance(
          id: "u\(speaker)", speaker: "s\(speaker)", path: noise.folder.path("s0-u0.wav"), start: 0.5 + Double(speaker),
          seconds: 0.4)
      })
    let rows = [0, 1].map { BatchRow(utterance: $0, speaker: $0, occurrence: 0, view: 0, epoch: 0) }
    let loaded = try load(loader(corpus), rows)
    #expect(loaded[0] == features(samples[8000..<14_400]))
    #expect(loaded[1] == features(samples[24_000..<30_400]))
  }

  @Test func `an utterance shorter than a crop is repeated`() throws {
    let samples = NoiseCorpus.noise(speaker: 0, utterance: 0, seconds: 2)
    #expect(try load(loader(seconds: 3), [row(0)])[0] == features(samples + samples[..<16_000]))
  }

  @Test func `only the views that are set so are augmented`() throws {
    let noises = try TestFolder()
    try noises.writeTone("tone.wav", seconds: 2)
    let augmentation = try Augmentation(noise: noises.path, rooms: nil, probability: 1)
    let rows = [row(0), row(0, view: 1)]
    let clean = try load(loader(segment: .same), rows)
    let second = try load(loader(segment: .same, augmented: [false, true], augmentation: augmentation), rows)
    #expect(second[0] == clean[0] && second[1] != clean[1])
    let first = try load(loader(segment: .same, augmented: [true, false], augmentation: augmentation), rows)
    #expect(first[0] != clean[0] && first[1] == clean[1])
  }

  @Test func `every utterance, view and epoch has dither of its own`() throws {
    // Two utterances of one file.
    let path = noise.folder.path("s0-u0.wav")
    let corpus = Corpus(
      (0..<2).map { ListedUtterance(id: "u\($0)", speaker: "s\($0)", path: path, seconds: 2) })
    let rows = [(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1), (0, 0, 0)].map {
      BatchRow(utterance: $0.0, speaker: $0.0, occurrence: 0, view: $0.1, epoch: $0.2)
    }
    // The whole file is the crop.
    let loaded = try load(loader(corpus, seconds: 2, dither: 1), rows)
    #expect(Set(loaded[..<4]).count == 4)
    #expect(loaded[4] == loaded[0])
  }

  @Test func `what takes an unreadable utterance's place is not in the batch already`() throws {
    let noise = try NoiseCorpus(speakers: 2, utterances: 3, seconds: 1, missing: "s0-u0")
    // The whole recording is the crop: a row shows which utterance it is of.
    let loader = try loader(noise.corpus, seconds: 1)
    let free = features(NoiseCorpus.noise(speaker: 0, utterance: 2, seconds: 1))
    for epoch in 0..<10 {
      let rows = (0..<2).map { BatchRow(utterance: $0, speaker: 0, occurrence: 0, view: 0, epoch: epoch) }
      #expect(try load(loader, rows)[0] == free)
    }
  }

  @Test func `a rank's rows are those of the batch, whatever the shares`() throws {
    let loader = try loader(dither: 1)
    let rows = (0..<4).flatMap { utterance in (0..<2).map { row(utterance, view: $0) } }
    let all = try loader.load(rows, own: 0..<8, unreadable: []).features
    for own in [0..<3, 3..<4, 4..<8] {
      let share = try loader.load(rows, own: own, unreadable: []).features
      for bin in 0..<share.rows {
        for column in 0..<share.columns {
          #expect(share[bin, column] == all[bin, own.lowerBound * loader.frames + column])
        }
      }
    }
  }
}
