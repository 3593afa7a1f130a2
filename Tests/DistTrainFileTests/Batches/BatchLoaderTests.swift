import DistTrain
import TestTools
import Testing

@Suite struct BatchLoaderTests {
  private let noise: NoiseCorpus

  init() throws { noise = try NoiseCorpus(speakers: 2, utterances: 2, seconds: 2) }

  private func loader(
    _ corpus: Corpus? = nil, segment: BatchLoader.Segment = .independent, augmented: [Bool] = [false, false],
    augmentation: Augmentation? = nil, filling: BatchLoader.Filling = .tile, seconds: Double = 0.4, dither: Double = 0
  ) throws -> BatchLoader {
    let corpus = corpus ?? noise.corpus
    return try BatchLoader(
      corpus: corpus,
      sampler: SpeakerBatchSampler(corpus: corpus, speakers: 2, utterances: 1, views: augmented.count, seed: 1),
      filterBank: FilterBank(FrontEnd(bins: NoiseCorpus.bins, dither: dither)),
      augmentation: augmentation ?? Augmentation(noise: nil, rooms: nil), segment: segment, augmentedViews: augmented,
      filling: filling, seconds: seconds, seed: 1)
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
    FilterBank(FrontEnd(bins: NoiseCorpus.bins, dither: 0)).features(of: Array(samples), dither: nil).values
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

  @Test func `an utterance of a channel is heard on it, another one of several channels as their mean`() throws {
    let audio = try GeneratedAudio()
    let sides = [0, 1].map { GeneratedAudio.lively(seconds: 0.4, item: $0) }
    let path = try audio.write(sides, as: .floatWav)
    let channels: [Int?] = [nil, 0, 1]
    let corpus = Corpus(
      channels.enumerated().map { index, channel in
        ListedUtterance(id: "u\(index)", speaker: "s\(index)", path: path, seconds: 0.4, channel: channel)
      })
    let rows = (0..<3).map { BatchRow(utterance: $0, speaker: $0, occurrence: 0, view: 0, epoch: 0) }
    let loader = try loader(corpus)
    let mean = zip(sides[0], sides[1]).map { ($0 + $1) / 2 }
    #expect(try load(loader, rows) == [features(mean), features(sides[0]), features(sides[1])])
    #expect(try loader.load(rows, own: 0..<3, unreadable: []).rows.map(\.channels) == [2, 1, 1])
  }

  @Test(arguments: [16_000, 8_000])
  func `a recording whose channels cancel each other is replaced, unless they do so for a while`(rate: Int) throws {
    let audio = try GeneratedAudio()
    let sound = GeneratedAudio.lively(seconds: 1, rate: rate)
    let opposite = sound.map { -0.9 * $0 }
    let always = try audio.write([sound, opposite], rate: rate, as: .floatWav, name: "always.wav")
    let first = try audio.write([sound + sound, opposite + sound], rate: rate, as: .floatWav, name: "first.wav")
    let corpus = Corpus([
      ListedUtterance(id: "a", speaker: "s", path: always, seconds: 1),
      ListedUtterance(id: "b", speaker: "s", path: first, seconds: 2),
      ListedUtterance(id: "c", speaker: "t", path: always, seconds: 1, channel: 1),
    ])
    let loader = try loader(corpus)
    func row(_ utterance: Int, epoch: Int = 0) -> BatchRow {
      BatchRow(utterance: utterance, speaker: utterance / 2, occurrence: 0, view: 0, epoch: epoch)
    }
    let replaced = try loader.load([row(0)], own: 0..<1, unreadable: [])
    #expect(replaced.rows.map(\.utterance) == [1] && replaced.unreadable.map(\.utterance) == [0])
    let reason = try #require(replaced.unreadable.first).reason
    #expect(reason.contains("its 2 channels cancel each other"), "\(reason)")
    #expect(reason.hasSuffix("take one of them (svdist prepare --channel 0)"), "\(reason)")
    let used = [row(2)] + (0..<24).map { row(1, epoch: $0) }
    let batch = try loader.load(used, own: 0..<25, unreadable: [])
    #expect(batch.unreadable.isEmpty && batch.rows.map(\.utterance) == [2] + [Int](repeating: 1, count: 24))
    #expect(batch.rows.dropFirst().contains { $0.start < 0.6 }, "no crop of the first second")
  }

  @Test(arguments: [
    (0.0, 2.2, true), (0.0, 100.0, true), (1.5, 0.7, true), (1.9, 0.3, true), (2.5, 1.0, true), (0.0, 2.09, false),
    (1.5, 0.59, false), (0.5, 1.5, false),
  ])
  func `an utterance that its recording ends before is replaced, but not for a tenth of a second`(
    start: Double, seconds: Double, isReplaced: Bool
  ) throws {
    let utterances = noise.corpus.utterances
    let corpus = Corpus([
      ListedUtterance(id: "a", speaker: "s", path: utterances[0].path, start: start, seconds: seconds),
      ListedUtterance(id: "b", speaker: "s", path: utterances[1].path, seconds: 2),
      ListedUtterance(id: "c", speaker: "t", path: utterances[2].path, seconds: 2),
    ])
    let loader = try loader(corpus)
    for epoch in 0..<8 {
      let row = BatchRow(utterance: 0, speaker: 0, occurrence: 0, view: 0, epoch: epoch)
      let batch = try loader.load([row], own: 0..<1, unreadable: [])
      #expect(batch.rows.map(\.utterance) == [isReplaced ? 1 : 0])
      #expect(batch.unreadable.map(\.utterance) == (isReplaced ? [0] : []))
      if isReplaced {
        #expect(batch.unreadable.first?.reason.contains("lasts 2.000 s, but a stretch ") == true)
      }
    }
  }

  @Test(arguments: [Float(0), 0.3, -0.6])
  func `a recording of one level is replaced, one that is so for a while is not`(level: Float) throws {
    let audio = try GeneratedAudio()
    let flat = [Float](repeating: level, count: 16_000)
    let always = try audio.write([flat + flat], as: .floatWav, name: "always.wav")
    let first = try audio.write([flat + GeneratedAudio.lively(seconds: 1)], as: .floatWav, name: "first.wav")
    let corpus = Corpus(
      [("a", "s", always), ("b", "s", first), ("c", "t", first)].map {
        ListedUtterance(id: $0.0, speaker: $0.1, path: $0.2, seconds: 2)
      })
    let loader = try loader(corpus)
    for epoch in 0..<8 {
      let rows = [0, 2].map { BatchRow(utterance: $0, speaker: $0 / 2, occurrence: 0, view: 0, epoch: epoch) }
      let batch = try loader.load(rows, own: 0..<2, unreadable: [])
      #expect(batch.rows.map(\.utterance) == [1, 2] && batch.unreadable.map(\.utterance) == [0])
      #expect(batch.unreadable.first?.reason.contains("is silent") == true)
    }
  }

  @Test func `an utterance shorter than a crop is repeated`() throws {
    let samples = NoiseCorpus.noise(speaker: 0, utterance: 0, seconds: 2)
    #expect(try load(loader(seconds: 3), [row(0)])[0] == features(samples + samples[..<16_000]))
  }

  @Test func `an utterance shorter than a crop is followed by zeros where so set`() throws {
    let samples = NoiseCorpus.noise(speaker: 0, utterance: 0, seconds: 2)
    let expected = features(samples + [Float](repeating: 0, count: 16_000))
    #expect(try load(loader(filling: .pad, seconds: 3), [row(0)])[0] == expected)
  }

  @Test func `a batch says of each row which utterance and what stretch it holds, and what was done to it`() throws {
    let noise = try NoiseCorpus(speakers: 2, utterances: 3, seconds: 1, missing: "s0-u0")
    var augmentation = try Augmentation()
    augmentation.speeds = [1.25]
    let loader = try loader(noise.corpus, augmented: [false, true], augmentation: augmentation)
    let rows = (0..<2).map { BatchRow(utterance: 0, speaker: 0, occurrence: 0, view: $0, epoch: 0) }
    let batch = try loader.load(rows, own: 0..<2, unreadable: [])
    #expect(batch.rows.map(\.row) == rows && batch.rows.allSatisfy { [1, 2].contains($0.utterance) })
    #expect(batch.rows.map(\.distortion.speed) == [1, 1.25])
    for (index, loaded) in batch.rows.enumerated() {
      let speed = loaded.distortion.speed
      let crop = try Waveform.read(
        path: noise.corpus.utterances[loaded.utterance].path, start: loaded.start / speed, seconds: 0.4, speed: speed)
      let expected = features(crop)
      let frames = loader.frames
      for bin in 0..<NoiseCorpus.bins {
        for frame in 0..<frames {
          #expect(abs(batch.features[bin, index * frames + frame] - expected[bin * frames + frame]) < 1e-4)
        }
      }
    }
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

  /// All kinds at once, as often as not.
  private func everything(_ noises: TestFolder) throws -> Augmentation {
    try noises.writeTone("noise/tone.wav", seconds: 2)
    try noises.writeTone("music/tone.wav", seconds: 1)
    try noises.writeWave("rooms/room.wav", samples: [0, 0.1, 1, 0.4, -0.3, 0.1])
    let configuration = try Configuration.load(
      file: nil,
      overrides: [
        "augmentation={musan: \(noises.path), rooms: \(noises.path)/rooms, babble: {corpus: true}}",
        "augmentation={speed: {factors: [0.9, 1, 1.1]}, volume: {probability: 0.5}, codec: {probability: 0.5}}",
        "augmentation.specAugment={probability: 0.5, timeMasks: 2}",
      ])
    return try Augmentation(configuration.augmentation, corpus: noise.corpus)
  }

  @Test func `augmentation depends neither on ranks nor threads nor on what was loaded before`() throws {
    let noises = try TestFolder()
    let rows = (0..<4).flatMap { utterance in
      (0..<6).map { row(utterance, view: $0 % 2, epoch: $0 / 2) }
    }
    let all = try loader(augmented: [true, true], augmentation: everything(noises))
      .load(rows, own: 0..<rows.count, unreadable: []).features
    let again = try loader(augmented: [true, true], augmentation: everything(noises))
    let threads = ThreadTeam()
    threads.grow(to: 3)
    for (own, readers) in [(13..<rows.count, threads), (0..<5, ThreadTeam()), (5..<13, threads)] {
      let share = try again.load(rows, own: own, unreadable: [], readers: readers).features
      for bin in 0..<share.rows {
        for column in 0..<share.columns {
          #expect(share[bin, column] == all[bin, own.lowerBound * again.frames + column])
        }
      }
    }
    let clean = try load(loader(), rows)
    let augmented = try load(again, rows)
    #expect(zip(clean, augmented).count { $0 != $1 } > rows.count * 3 / 4)
    #expect(Set(augmented).count == rows.count)
  }

  @Test func `masks set their own row's features to the mean, after it is removed`() throws {
    var augmentation = try Augmentation()
    augmentation.masking = SpectralMasking(
      probability: 1, timeMasks: 0, timeWidth: 0, frequencyMasks: 1, frequencyWidth: NoiseCorpus.bins)
    let rows = (0..<4).flatMap { utterance in (0..<2).map { row(utterance, view: $0) } }
    let clean = try load(loader(), rows)
    let loader = try loader(augmented: [false, true], augmentation: augmentation)
    var masked = 0
    for (row, features) in try load(loader, rows).enumerated() {
      let changed = features.indices.filter { features[$0] != clean[row][$0] }
      #expect(changed.allSatisfy { features[$0] == 0 })
      let bins = Set(changed.map { $0 / loader.frames })
      #expect(changed.count == bins.count * loader.frames)
      if row % 2 == 0 { #expect(bins.isEmpty) }
      masked += bins.count
    }
    #expect(masked > 0)
  }

  @Test func `a row at another speed is the same stretch, played at it`() throws {
    var augmentation = try Augmentation()
    augmentation.speeds = [1.1]
    let whole = row(0)
    let path = noise.folder.path("s0-u0.wav")
    let played = try Waveform.read(path: path, speed: 1.1)
    let loaded = try load(
      loader(augmented: [true, true], augmentation: augmentation, seconds: Double(played.count) / 16_000), [whole])
    let expected = features(played)
    #expect(zip(loaded[0], expected).allSatisfy { abs($0 - $1) < 1e-3 })
    #expect(loaded[0].count == expected.count)
  }

  @Test func `a corpus's own speeds are played in every view`() throws {
    let corpus = noise.corpus.atSpeeds([1, 1.1])
    let fast = try #require(corpus.utterance(named: "s0-u0@1.1"))
    let played = try Waveform.read(path: noise.folder.path("s0-u0.wav"), speed: 1.1)
    let row = BatchRow(utterance: fast, speaker: corpus.utterances[fast].speaker, occurrence: 0, view: 0, epoch: 0)
    let loaded = try load(loader(corpus, seconds: Double(played.count) / 16_000), [row])
    #expect(zip(loaded[0], features(played)).allSatisfy { abs($0 - $1) < 1e-3 })
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
