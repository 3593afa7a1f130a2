import DistTrain
import Testing

@Suite struct EmbeddingExtractorTests {
  @Test(arguments: 2...3) func `ranks share out the utterances, and each has all embeddings`(ranks: Int) throws {
    let noise = try NoiseCorpus(speakers: 2, utterances: 2)
    let encoder = NoiseCorpus.encoder
    let parameters = Matrix(rows: 1, columns: encoder.layout.parameters.count)
    let statistics = Matrix(rows: 1, columns: encoder.layout.statistics.count)
    encoder.layout.parameters.initialise(parameters.pointer, seed: 1)
    encoder.layout.statistics.initialise(statistics.pointer, seed: 1)
    let extractor = EmbeddingExtractor(
      encoder: encoder, frontEnd: FrontEnd(bins: encoder.bins), parameters: parameters, statistics: statistics)
    let alone = try extractor.embeddings(of: noise.corpus.utterances, communicator: SoleCommunicator())
    #expect(alone.names == noise.corpus.utterances.map(\.id))
    #expect(Set((0..<4).map { alone.vectors[$0, 0] }).count == 4)
    let together = try ThreadCommunicator.run(ranks: ranks) {
      try extractor.embeddings(of: noise.corpus.utterances, communicator: $0).vectors.values
    }
    for vectors in together { #expect(vectors == alone.vectors.values) }
  }
}
