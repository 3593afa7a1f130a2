import ArgumentParser
import DistTrain

/// Embeddings of whole utterances of 2 to 10 s as `svdist embed` makes them, each thread an utterance's, features in
/// memory.
struct ExtractionBenchmark: Benchmark {
  static let configuration = CommandConfiguration(
    commandName: "extraction",
    abstract: "Embeddings of whole utterances of 2 to 10 s, features in memory.")

  @OptionGroup var step: StepOptions
  @Option(help: "Utterances that are embedded.")
  var utterances = 200
  @OptionGroup var output: OutputOptions

  func validate() throws {
    guard utterances > 1 else { throw ValidationError("--utterances is at least 2") }
  }

  func measure(_ communicator: any Communicator) throws -> [Measure] {
    ThreadTeam.shared.grow(to: step.threads)
    let encoder = try step.configuration().network
    let parameters = Matrix(rows: 1, columns: encoder.layout.parameters.count)
    let statistics = Matrix(rows: 1, columns: encoder.layout.statistics.count)
    encoder.layout.parameters.initialise(parameters.pointer, seed: 1)
    encoder.layout.statistics.initialise(statistics.pointer, seed: 1)
    let extractor = EmbeddingExtractor(
      encoder: encoder, frontEnd: FrontEnd(bins: encoder.bins), parameters: parameters, statistics: statistics)
    var stream = RandomStream(seed: 1, purpose: .test)
    let features = (0..<utterances).map { index in
      let frames = 198 + 800 * index / (utterances - 1)
      return Matrix(
        rows: encoder.bins, columns: frames, (0..<encoder.bins * frames).map { _ in Float(stream.normal()) })
    }
    Self.embed(stride(from: 0, to: utterances, by: 50).map { features[$0] }, extractor)
    let seconds = Seconds.of { Self.embed(features, extractor) }
    return [
      Measure(quantity: "seconds", value: seconds, unit: "s for all"),
      Measure(quantity: "rate", value: Double(utterances) / seconds, unit: "utterances/s"),
      Measure(quantity: "memory", value: Double(ResidentMemory.peak) / 1e6, unit: "MB at the peak"),
    ]
  }

  /// Embeds utterances of frames of 10 ms in the turns that the extractor takes.
  private static func embed(_ features: [Matrix], _ extractor: EmbeddingExtractor) {
    let team = ThreadTeam.shared
    let turns = EmbeddingTurns(features.map { Double($0.columns) / 100 }, rank: 0, ranks: 1, threads: team.size)
    for group in turns.groups {
      _ = team.results(group.turns.count) { extractor.embedding(of: features[group.turns[$0].utterance]) }
    }
  }
}
