/// Settings that no memory is enough for are refused before anything of their sizes is allocated. What they say fits may
/// still be too much beside all else: `Trainer.memoryAhead` estimates that once the sizes are known to be harmless.
extension TrainingPlan {
  /// - Parameters:
  ///   - encoder: its layout says how many parameters there are.
  ///   - speakers: of the corpus, whose prototypes are parameters too.
  /// - Throws: `Failure(.usage)` where parameters, gradient and the optimiser's state alone are more than this machine has.
  static func checkParameters(_ configuration: Configuration, _ encoder: any Encoder, speakers: Int) throws {
    let prototypes = Double(speakers) * Double(configuration.classification.subcenters) * Double(encoder.dimensions)
    try check(
      3 * (Double(encoder.layout.parameters.count) + prototypes),
      of: "the parameters of the encoder and of \(speakers) speakers",
      remedy: "lower \(sizes(of: configuration.encoder.type)), encoder.embedding or classification.subcenters")
  }

  /// The keys of the sizes that a type of encoder has of its own.
  private static func sizes(of type: EncoderArchitecture) -> String {
    type.settings.filter { if case .numbers = $0.allowed { true } else { false } }.map { "encoder.\($0.name)" }
      .joined(separator: ", ")
  }

  /// - Throws: `Failure(.usage)` where the features of a rank's rows alone are more than this machine has.
  package static func checkFeatures(_ configuration: Configuration, ranks: Int) throws {
    let framesASecond = 1000 / configuration.features.frameShift
    let rows = Double(configuration.batch.rows) / Double(ranks)
    try check(
      rows * configuration.crop.lengths.upperBound * framesASecond * Double(configuration.features.bins),
      of: "the features of a batch of \(configuration.batch.rows) rows on \(ranks) \(ranks == 1 ? "rank" : "ranks")",
      remedy: "lower batch.speakers, batch.utterances, batch.views or crop.seconds, or start more ranks")
  }

  private static func check(_ floats: Double, of what: String, remedy: String) throws {
    let bytes = floats * Double(MemoryLayout<Float>.stride)
    guard bytes > Double(HostMemory.bytes) else { return }
    throw Failure(
      .usage,
      "\(what) take \(gigabytes(bytes)) GB of memory, where \(hostName()) has \(gigabytes(Double(HostMemory.bytes))): "
        + remedy)
  }

  private static func gigabytes(_ bytes: Double) -> Double { (bytes / 1e8).rounded() / 10 }
}
