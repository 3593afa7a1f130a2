import DistTrain
import Synchronization
import TestTools
import Testing

@Suite struct EmbeddingExtractorTests {
  /// An untrained encoder of a noise corpus.
  private func extractor(
    _ encoder: ECAPATDNN = NoiseCorpus.encoder, spoilt: Bool = false,
    longestPiece: Double = EmbeddingExtractor.usualLongestPiece
  ) -> EmbeddingExtractor {
    let parameters = Matrix(rows: 1, columns: encoder.layout.parameters.count)
    let statistics = Matrix(rows: 1, columns: encoder.layout.statistics.count)
    encoder.layout.parameters.initialise(parameters.pointer, seed: 1)
    encoder.layout.statistics.initialise(statistics.pointer, seed: 1)
    if spoilt { for index in parameters.elements.indices { parameters.elements[index] *= 1e30 } }
    return EmbeddingExtractor(
      encoder: encoder, frontEnd: FrontEnd(bins: encoder.bins), parameters: parameters, statistics: statistics,
      longestPiece: longestPiece)
  }

  @Test(arguments: 2...3) func `ranks share out the utterances, and each has all embeddings`(ranks: Int) throws {
    let noise = try NoiseCorpus(speakers: 2, utterances: 2)
    let extractor = extractor()
    let alone = try extractor.embeddings(of: noise.corpus.utterances, communicator: SoleCommunicator())
    #expect(alone.names == noise.corpus.utterances.map(\.id))
    #expect(Set((0..<4).map { alone.vectors[$0, 0] }).count == 4)
    let together = try ThreadCommunicator.run(ranks: ranks) {
      try extractor.embeddings(of: noise.corpus.utterances, communicator: $0).vectors.values
    }
    for vectors in together { #expect(vectors == alone.vectors.values) }
  }

  /// Utterances of noise of these lengths, named u0 and so on.
  /// - Parameter missing: those whose files are not there.
  private func corpus(seconds: [Double], missing: Set<Int> = [], in folder: TestFolder) throws -> Corpus {
    for (index, length) in seconds.enumerated() where !missing.contains(index) {
      try folder.writeWave("u\(index).wav", samples: NoiseCorpus.noise(speaker: 0, utterance: index, seconds: length))
    }
    return Corpus(
      seconds.enumerated().map { index, length in
        ListedUtterance(id: "u\(index)", speaker: "s", path: folder.path("u\(index).wav"), seconds: length)
      })
  }

  /// An encoder wide enough that threads share the products of a long utterance.
  private static var wideEncoder: ECAPATDNN {
    var sizes = ECAPATDNN.Sizes()
    (sizes.bins, sizes.channels, sizes.aggregation, sizes.embedding) = (NoiseCorpus.bins, 128, 384, 8)
    return ECAPATDNN(sizes)
  }

  private static func team(threads: Int) -> ThreadTeam {
    let team = ThreadTeam()
    team.grow(to: threads)
    return team
  }

  @Test func `any number of threads gives each utterance the bits of its own, a long one among short ones`() throws {
    let folder = try TestFolder()
    let utterances = try corpus(seconds: [0.4, 1.1, 20.5, 0.3, 0.7, 1.1, 0.2], in: folder).utterances
    let extractor = extractor(Self.wideEncoder)
    ThreadTeam.shared.grow(to: 3)
    let each = try utterances.flatMap { try extractor.embedding(of: $0) }
    for team in [1, 2, 3].map(Self.team) + [ThreadTeam.shared] {
      var places: [Int] = []
      let all = try extractor.embeddings(
        of: utterances, known: nil, team: team, communicator: SoleCommunicator(), progress: { places.append($0) })
      #expect(all.names == utterances.map(\.id))
      #expect(all.vectors.values == each)
      #expect(places == Array(0..<7))
    }
  }

  @Test func `the first failure in order is told, and what came before it counts, on any number of threads`() throws {
    let folder = try TestFolder()
    let utterances = try corpus(seconds: [0.9, 0.8, 0.7, 0.6, 0.5, 20.2], missing: [2, 3], in: folder).utterances
    let extractor = extractor()
    let expected = failure { _ = try extractor.embedding(of: utterances[2]) }
    #expect(expected?.message.contains("u2.wav") == true)
    for team in [1, 2, 3].map(Self.team) + [ThreadTeam.shared] {
      var places: [Int] = []
      var told: AgreedFailure?
      do {
        _ = try extractor.embeddings(
          of: utterances, known: nil, team: team, communicator: SoleCommunicator(), progress: { places.append($0) })
      } catch {
        told = error as? AgreedFailure
      }
      #expect(told?.failure.message == expected?.message && told?.failure.kind == expected?.kind)
      #expect(places == [0, 1, 2])
    }
  }

  @Test func `an extractor with crops gives the mean direction of their embeddings`() throws {
    let folder = try TestFolder()
    let utterances = try corpus(seconds: [1.7, 0.5], in: folder).utterances
    let plain = extractor()
    var cropping = plain
    cropping.crops = MultiCrop(count: 3, seconds: 0.5)
    let parts = try [0, 0.6, 1.2].map {
      try plain.embedding(path: folder.path("u0.wav"), start: $0, seconds: 0.5, name: "u0")
    }
    #expect(try cropping.embedding(of: utterances[0]) == MultiCrop.meanDirection(of: parts))
    let whole = try plain.embedding(of: utterances[1])
    #expect(try cropping.embedding(of: utterances[1]) == MultiCrop.meanDirection(of: [whole]))
    let all = try cropping.embeddings(of: utterances, communicator: SoleCommunicator())
    #expect(all.vectors.values == (try utterances.flatMap { try cropping.embedding(of: $0) }))
  }

  @Test(arguments: 1...3) func `all utterances with too little speech are counted, and ten are named`(ranks: Int) throws
  {
    let folder = try TestFolder()
    let utterances = try corpus(seconds: (0..<14).map { $0 == 3 ? 1.5 : 0.2 }, in: folder).utterances
    var extractor = extractor(longestPiece: 2)
    extractor.minimumSpeech = 1
    let strict = extractor
    let told = try ThreadCommunicator.run(ranks: ranks) { communicator in
      failure { _ = try strict.embeddings(of: utterances, communicator: communicator) }
    }
    for failure in told {
      let message = try #require(failure?.message)
      #expect(failure?.kind == .badData)
      #expect(message.hasPrefix("13 of 14 utterances have less than 1.0 s of speech"), "\(message)")
      let names = message.split(separator: " ").filter { $0.hasPrefix("u") && Int($0.dropFirst()) != nil }
      // In the order of the corpus, which is that of the names' bytes.
      #expect(names == ["u0", "u1", "u10", "u11", "u12", "u13", "u2", "u4", "u5", "u6"], "\(message)")
      #expect(message.hasSuffix(" s) and 3 more"), "\(message)")
    }
    // The places of u3 and u5.
    let (enough, short) = (utterances[7], utterances[9])
    let one = failure { _ = try strict.embeddings(of: [enough, short], communicator: SoleCommunicator()) }
    #expect(one?.message.hasPrefix("utterance u5 (\(folder.path("u5.wav"))): has ") == true)
    #expect(failure { _ = try strict.embedding(of: short) }?.message == one?.message)
    // Of a recording in pieces, the speech of all of them counts.
    let other = try TestFolder()
    let long = try corpus(seconds: [2.6], in: other).utterances[0]
    extractor.minimumSpeech = 2.2
    #expect(failure { _ = try extractor.embedding(of: long) } == nil)
  }

  @Test func `a request to stop is heard between a long utterance and short ones`() throws {
    let folder = try TestFolder()
    let utterances = try corpus(seconds: [0.3, 20.2, 0.4], in: folder).utterances
    var (asked, places) = (0, [Int]())
    do {
      _ = try extractor().embeddings(
        of: utterances, communicator: SoleCommunicator(),
        isToStop: {
          asked += 1
          return asked == 2
        }, progress: { places.append($0) })
      Issue.record("embedded to the end")
    } catch let agreed as AgreedFailure {
      #expect(agreed.failure.kind == .stopped)
    }
    #expect(asked == 2 && places == [0])
  }

  @Test(arguments: 1...3) func `a request to stop is heard between short utterances too`(threads: Int) throws {
    let folder = try TestFolder()
    let utterances = try corpus(seconds: [Double](repeating: 0.2, count: 40), in: folder).utterances
    let asked = Atomic(0)
    var places: [Int] = []
    do {
      _ = try extractor().embeddings(
        of: utterances, known: nil, team: Self.team(threads: threads), communicator: SoleCommunicator(),
        isToStop: { asked.add(1, ordering: .relaxed).newValue >= 5 }, progress: { places.append($0) })
      Issue.record("embedded to the end")
    } catch let agreed as AgreedFailure {
      #expect(agreed.failure.kind == .stopped)
    }
    // Each thread may have been about to begin one.
    let count = asked.load(ordering: .relaxed)
    #expect(count >= 5 && count < 5 + threads)
    #expect(places == Array(0..<places.count) && places.count <= 4 && (threads > 1 || places.count == 4))
  }

  @Test func `a long utterance has the mean of its equal pieces' embeddings, weighted by their lengths`() throws {
    let noise = try NoiseCorpus(speakers: 1, utterances: 1, seconds: 5)
    let utterance = noise.corpus.utterances[0]
    let samples = try Waveform.read(path: utterance.path)
    let whole = try extractor().embedding(of: utterance)
    #expect(try extractor().embedding(of: samples, name: "") == whole)
    #expect(try extractor(longestPiece: 5).embedding(of: utterance) == whole)
    let divided = extractor(longestPiece: 2)
    let ends = [0, 26_666, 53_333, 80_000]
    let vectors = try zip(ends, ends.dropFirst()).map { first, end in
      try divided.embedding(of: Array(samples[first..<end]), name: "")
    }
    let pieces = try divided.embedding(of: utterance)
    for (index, value) in pieces.enumerated() {
      let sum = zip(vectors, [26_666, 26_667, 26_667]).reduce(0.0) { $0 + Double($1.0[index]) * $1.1 }
      #expect(abs(Double(value) - sum / 80_000) < 1e-6 * max(1, abs(sum / 80_000)))
    }
    #expect(zip(pieces, whole).contains { abs($0 - $1) > 1e-4 })
  }

  @Test func `pieces are as few as possible, join without a gap and grow no longer with the recording`() {
    let extractor = extractor(longestPiece: 2)
    for count in [1, 31_999, 32_000, 32_001, 64_001, 20_000_000] {
      let pieces = extractor.pieces(7..<7 + count)
      #expect(pieces.count == (count + 31_999) / 32_000)
      #expect(pieces.allSatisfy { $0.count <= 32_000 } && pieces.map(\.count).reduce(0, +) == count)
      #expect(pieces.first?.lowerBound == 7 && pieces.last?.upperBound == 7 + count)
      #expect(zip(pieces, pieces.dropFirst()).allSatisfy { $0.upperBound == $1.lowerBound })
    }
  }

  @Test func `an utterance of a channel is heard on it, and only others count as means`() throws {
    let audio = try GeneratedAudio()
    let sides = [0, 1].map { GeneratedAudio.lively(seconds: 1, item: $0) }
    let path = try audio.write(sides, as: .floatWav)
    let channels: [Int?] = [nil, 0, 1]
    let corpus = Corpus(
      channels.enumerated().map { index, channel in
        ListedUtterance(id: "u\(index)", speaker: "s", path: path, seconds: 1, channel: channel)
      })
    let extractor = extractor()
    let mean = zip(sides[0], sides[1]).map { ($0 + $1) / 2 }
    for (utterance, samples) in zip(corpus.utterances, [mean] + sides) {
      #expect(try extractor.embedding(of: utterance) == extractor.embedding(of: samples, name: ""))
    }
    #expect(try extractor.embeddings(of: corpus.utterances, communicator: SoleCommunicator()).averaged == 1)
  }

  @Test func `utterances of several channels are counted in a remark`() {
    #expect(EmbeddingExtractor.remark(averaged: 0, of: 3) == nil)
    for (count, words) in [
      (1, "is the mean of its recording's channels"), (3, "are the mean of their recordings' channels"),
    ] {
      let remark = EmbeddingExtractor.remark(averaged: count, of: 3)
      #expect(remark?.hasPrefix("\(count) of 3 utterances \(words)") == true)
    }
  }

  @Test func `long utterances are counted in a remark`() {
    #expect(EmbeddingExtractor.usualLongestPiece == 300)
    #expect(extractor().remark([300, 2, 3]) == nil)
    #expect(extractor().remark([300.1, 2, 3600])?.hasPrefix("2 of 3 utterances are longer than 300 s:") == true)
    #expect(
      extractor(longestPiece: 2.5).remark([2.5, 2.6])?.hasPrefix("1 of 2 utterances is longer than 2.5 s:") == true)
  }

  @Test func `what a rank embeds at once grows with its longest utterances up to the longest piece`() {
    let lengths = [3, 50.5, 10, 20, 7]
    func most(longestPiece: Double, rank: Int = 0, ranks: Int = 1) -> [[Int]] {
      let turns = EmbeddingTurns(lengths, rank: rank, ranks: ranks, threads: 2)
      return extractor(longestPiece: longestPiece).mostAtOnce(turns).map { [$0.utterances, $0.samples] }
    }
    for (rank, seconds) in [25, 20, 10, 7, 3].enumerated() {
      #expect(most(longestPiece: 25, rank: rank, ranks: 6) == [[1, seconds * 16_000]])
    }
    #expect(most(longestPiece: 25, rank: 5, ranks: 6).isEmpty)
    #expect(most(longestPiece: 300) == [[1, 808_000], [2, 320_000]])
    #expect(most(longestPiece: 5) == [[1, 80_000], [2, 80_000]])
  }

  @Test func `an utterance of less than a tenth of a second is refused by name`() throws {
    let noise = try NoiseCorpus(speakers: 1, utterances: 1, seconds: 0.3)
    let path = noise.corpus.utterances[0].path
    let extractor = extractor()
    for (seconds, isEnough) in [(0.0995, false), (0.05, false), (0, false), (0.1, true), (nil, true)] {
      let told = failure { _ = try extractor.embedding(path: path, start: 0.1, seconds: seconds, name: "u (u.wav)") }
      if isEnough {
        #expect(told == nil)
      } else {
        #expect(told?.kind == .badData && told?.message.hasPrefix("u (u.wav): lasts \(seconds ?? 0.2) s, too") == true)
      }
    }
  }

  @Test(arguments: [
    (0.0, 0.81, true), (0.5, 0.31, true), (0.0, 100.0, true), (0.75, 1.0, true), (0.0, 0.79, false), (0.5, 0.29, false),
  ])
  func `an utterance that its recording ends before is refused, but not for a tenth of a second`(
    start: Double, seconds: Double, isRefused: Bool
  ) throws {
    let noise = try NoiseCorpus(speakers: 1, utterances: 1, seconds: 0.7)
    let (path, extractor) = (noise.corpus.utterances[0].path, extractor())
    let told = failure { _ = try extractor.embedding(path: path, start: start, seconds: seconds, name: "u") }
    if isRefused {
      #expect(told?.kind == .badData && told?.message.contains("lasts 0.700 s, but a stretch ") == true)
    } else {
      #expect(told == nil, "\(told?.message ?? "")")
    }
  }

  @Test func `an embedding that is not finite is an error that names its utterance`() throws {
    let noise = try NoiseCorpus(speakers: 1, utterances: 1)
    let told = failure { _ = try extractor(spoilt: true).embedding(of: noise.corpus.utterances[0]) }
    #expect(told?.kind == .badData && told?.message.contains("utterance s0-u0 (") == true)
    #expect(told?.message.contains("its embedding is not finite") == true)
  }

  @Test(arguments: ["ark", "txt", "safetensors"])
  func `embeddings that are not finite are not written`(suffix: String) throws {
    let folder = try TestFolder()
    let vectors = Matrix.zeros(rows: 2, columns: 3)
    vectors[1, 2] = .nan
    let told = failure {
      try EmbeddingFile.write(Embeddings(names: ["a", "b"], vectors: vectors), to: folder.path("e.\(suffix)"))
    }
    #expect(told?.message == "the embedding of b is not finite")
    #expect(try folder.contents("").isEmpty)
  }
}
