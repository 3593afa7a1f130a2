import DistTrain
import Testing

@Suite struct EmbeddingExtractorTests {
  /// An untrained encoder of `NoiseCorpus`.
  private func extractor(spoilt: Bool = false) -> EmbeddingExtractor {
    let encoder = NoiseCorpus.encoder
    let parameters = Matrix(rows: 1, columns: encoder.layout.parameters.count)
    let statistics = Matrix(rows: 1, columns: encoder.layout.statistics.count)
    encoder.layout.parameters.initialise(parameters.pointer, seed: 1)
    encoder.layout.statistics.initialise(statistics.pointer, seed: 1)
    if spoilt { for index in parameters.elements.indices { parameters.elements[index] *= 1e30 } }
    return EmbeddingExtractor(
      encoder: encoder, frontEnd: FrontEnd(bins: encoder.bins), parameters: parameters, statistics: statistics)
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
  @Test func `a long utterance has the mean of its equal pieces' embeddings, weighted by their lengths`() throws {
    let noise = try NoiseCorpus(speakers: 1, utterances: 1, seconds: 2)
    let utterance = noise.corpus.utterances[0]
    var extractor = extractor()
    let whole = try extractor.embedding(of: utterance)
    #expect(try extractor.embedding(of: Waveform.read(path: utterance.path), name: "") == whole)
    extractor.longestPiece = 2
    #expect(try extractor.embedding(of: utterance) == whole)
    extractor.longestPiece = 0.9
    let samples = try Waveform.read(path: utterance.path)
    let ends = [0, 10_666, 21_333, 32_000]
    let vectors = try zip(ends, ends.dropFirst()).map { first, end in
      try extractor.embedding(of: Array(samples[first..<end]), name: "")
    }
    let pieces = try extractor.embedding(of: utterance)
    for (index, value) in pieces.enumerated() {
      let sum = zip(vectors, [10_666, 10_667, 10_667]).reduce(0.0) { $0 + Double($1.0[index]) * $1.1 }
      #expect(abs(Double(value) - sum / 32_000) < 1e-6 * max(1, abs(sum / 32_000)))
    }
    #expect(zip(pieces, whole).contains { abs($0 - $1) > 1e-4 })
  }

  @Test func `pieces are as few as possible, join without a gap and grow no longer with the recording`() {
    var extractor = extractor()
    #expect(extractor.longestPiece == 300)
    extractor.longestPiece = 1
    for count in [1, 15_999, 16_000, 16_001, 32_001, 10_000_000] {
      let pieces = extractor.pieces(7..<7 + count)
      #expect(pieces.count == (count + 15_999) / 16_000)
      #expect(pieces.allSatisfy { $0.count <= 16_000 } && pieces.map(\.count).reduce(0, +) == count)
      #expect(pieces.first?.lowerBound == 7 && pieces.last?.upperBound == 7 + count)
      #expect(zip(pieces, pieces.dropFirst()).allSatisfy { $0.upperBound == $1.lowerBound })
    }
  }

  @Test func `utterances of several channels are counted in a remark`() {
    #expect(EmbeddingExtractor.remark(averaged: 0, of: 3) == nil)
    for count in [1, 3] {
      let remark = EmbeddingExtractor.remark(averaged: count, of: 3)
      #expect(remark?.hasPrefix("\(count) of 3 utterances are the mean of their recordings' channels") == true)
    }
  }

  @Test func `long utterances are counted in a remark`() {
    #expect(EmbeddingExtractor.remark([300, 2, 3]) == nil)
    let remark = EmbeddingExtractor.remark([300.1, 2, 3600])
    #expect(remark?.hasPrefix("2 of 3 utterances are longer than 300 s") == true)
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
