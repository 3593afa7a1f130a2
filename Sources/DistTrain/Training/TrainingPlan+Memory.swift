/// Settings that no memory is enough for are refused before anything of their sizes is allocated. Settings that pass
/// may still need too much besides everything else, which `Trainer.memoryAhead` estimates once the sizes are known to
/// be harmless.
extension TrainingPlan {
  /// Checks the memory for parameters, gradient and the optimiser's state.
  /// - Parameters:
  ///   - encoder: the encoder, whose layout says how many parameters there are.
  ///   - speakers: the number of speakers of the corpus, whose prototypes are parameters too.
  /// - Throws: `Failure(.usage)` where these alone take more memory than this machine has.
  static func checkParameters(_ configuration: Configuration, _ encoder: any Encoder, speakers: Int) throws {
    // How many ranks share the prototypes is not known yet.
    let shares = configuration.classification.sharded ? min(speakers, PrototypePieces.most) : 1
    let prototypes =
      Double(speakers) * Double(configuration.classification.subcenters) * Double(encoder.dimensions) / Double(shares)
    try check(
      3 * (Double(encoder.layout.parameters.count) + prototypes),
      of: "the parameters of the encoder and of \(speakers.counted("speaker"))",
      remedy: "lower \(sizes(of: configuration.encoder.type)), encoder.embedding or classification.subcenters")
  }

  /// The keys of the sizes that a type of encoder has of its own.
  private static func sizes(of type: EncoderArchitecture) -> String {
    type.settings.filter { if case .numbers = $0.allowed { true } else { false } }.map { "encoder.\($0.name)" }
      .joined(separator: ", ")
  }

  /// Checks the memory for the features of a rank's rows.
  /// - Throws: `Failure(.usage)` where these alone take more memory than this machine has.
  package static func checkFeatures(_ configuration: Configuration, ranks: Int) throws {
    let framesASecond = 1000 / configuration.features.frameShift
    let rows = Double(configuration.batch.rows) / Double(ranks)
    try check(
      rows * configuration.crop.lengths.upperBound * framesASecond * Double(configuration.features.bins),
      of: "the features of a batch of \(configuration.batch.rows.counted("row")) on \(ranks.counted("rank"))",
      remedy: "lower batch.speakers, batch.utterances, batch.views or crop.seconds, or start more ranks")
  }

  private static func check(_ floats: Double, of what: String, remedy: String) throws {
    let bytes = floats * Double(MemoryLayout<Float>.stride)
    guard bytes > Double(HostMemory.bytes) else { return }
    throw Failure(
      .usage,
      "\(what) take \(HostMemory.gigabytes(bytes)) of memory, where \(hostName()) has "
        + "\(HostMemory.gigabytes(Double(HostMemory.bytes))): " + remedy)
  }
}
