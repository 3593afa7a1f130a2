/// The rates at which a corpus is read and the encoder processes it.
package struct CorpusRates: Sendable {
  package let path: String
  /// The kind of file system, such as `ext4`, `nfs4` or `lustre`; nil where it is not known.
  package let fileSystem: String?
  package let files: FileRates
  /// The rows a second that one core reads, decodes, crops, augments and turns into features while all ranks do so.
  package let input: Double
  /// The rows a second that a rank's threads take through a forward and a backward pass, on the slowest rank.
  package let encoder: Double
  /// The number of threads of a rank, which compute the encoder's passes and read the next batch beside them.
  package let threads: Int
  /// A description of the encoder.
  package let encoderName: String

  package init(
    path: String, fileSystem: String?, files: FileRates, input: Double, encoder: Double, threads: Int,
    encoderName: String
  ) {
    self.path = path
    self.fileSystem = fileSystem
    self.files = files
    self.input = input
    self.encoder = encoder
    self.threads = threads
    self.encoderName = encoderName
  }

  /// The share of the time of a rank's cores that input takes, from 0 to 1.
  package var inputShare: Double { encoder / (encoder + Double(threads) * input) }

  /// A warning where input takes more than a tenth of the cores' time.
  package var warning: MachineWarning? {
    guard inputShare > 0.1 else { return nil }
    let isFar = files.open > 0.005 || 1 / files.read > 0.05
    let remedy =
      isFar
      ? "give --readers more threads, or copy the corpus to a local disk"
      : "convert it to 16-bit WAV or FLAC at 16 kHz, or augment fewer views"
    return MachineWarning(
      cause: .corpus,
      text: "input takes \(Int((100 * inputShare).rounded())) % of the cores' time: \(remedy)", cost: inputShare)
  }

  /// Measures the rates; all ranks call this together.
  /// - Parameters:
  ///   - corpus: the corpus at `path`.
  ///   - path: the data directory.
  ///   - configuration: decides the processing of an utterance and the encoder's sizes.
  ///   - threads: the number of threads of this rank.
  ///   - seconds: the approximate time for each quantity; the encoder takes two passes of 8 rows.
  /// - Throws: `AgreedFailure` where the corpus cannot be read.
  package static func measure(
    _ corpus: Corpus, path: String, _ configuration: Configuration, threads: Int, seconds: Double,
    _ communicator: any Communicator
  ) throws -> CorpusRates {
    let (plan, files, input) = try communicator.agree {
      let plan = try Self.plan(configuration, corpus)
      let files = try FileRates.measure(
        plan.batches.corpus, seconds: seconds, rank: communicator.rank, ranks: communicator.size)
      let input = try Self.input(plan, seconds: seconds, rank: communicator.rank, ranks: communicator.size)
      return (plan, files, input)
    }
    communicator.barrier()
    let encoder = Self.encoder(configuration.network, plan)
    return CorpusRates(
      path: path, fileSystem: FileSystem.kind(of: path), files: .joined(communicator.gatherValues(files)),
      input: communicator.sum(input) / Double(communicator.size), encoder: communicator.minimum(encoder),
      threads: threads,
      encoderName: "\(configuration.encoder.description), \(configuration.training.precision.rawValue)")
  }

  /// A plan with batches of one utterance of each speaker, and no more speakers than the corpus has, so that any corpus
  /// will do.
  private static func plan(_ configuration: Configuration, _ corpus: Corpus) throws -> TrainingPlan {
    var configuration = configuration.ofFirstStage
    configuration.batch.speakers = min(configuration.batch.speakers, max(2, corpus.speakers.count))
    configuration.batch.utterances = 1
    return try TrainingPlan(configuration, corpus: corpus)
  }

  /// The rows a second that this rank loads, one at a time, from batches that no other rank takes.
  private static func input(_ plan: TrainingPlan, seconds: Double, rank: Int, ranks: Int) throws -> Double {
    var step = rank
    // The first row sets up transforms and tables.
    _ = try plan.batches.loader.load(plan.batches.sampler.batch(step: step), own: 0..<1, unreadable: [])
    var rows = 0
    let start = monotonicSeconds()
    while rows < 2 || monotonicSeconds() - start < seconds {
      let batch = plan.batches.sampler.batch(step: step)
      for row in batch.indices where rows < 2 || monotonicSeconds() - start < seconds {
        _ = try plan.batches.loader.load(batch, own: row..<row + 1, unreadable: [])
        rows += 1
      }
      step += ranks
    }
    return Double(rows) / (monotonicSeconds() - start)
  }

  /// The rows a second of a warm forward and backward pass over random features.
  private static func encoder(_ encoder: any Encoder, _ plan: TrainingPlan) -> Double {
    let rows = 8
    let features = StepRehearsal.features(bins: encoder.bins, frames: rows * plan.batches.loader.frames)
    let parameters = Matrix(rows: 1, columns: encoder.layout.parameters.count)
    let statistics = Matrix(rows: 1, columns: encoder.layout.statistics.count)
    encoder.layout.parameters.initialise(parameters.pointer, seed: plan.seed)
    encoder.layout.statistics.initialise(statistics.pointer, seed: plan.seed)
    let gradients = (0..<plan.weighting.buffers(of: plan.objectives.all.count)).map { _ in
      Matrix.zeros(rows: 1, columns: parameters.count)
    }
    let forward = ForwardPass(
      mode: .training, parameters: parameters, statistics: statistics, precision: plan.precision)
    let backward = BackwardPass(
      parameters: parameters, gradients: gradients, precision: plan.precision)
    let time = Stopwatch.median(for: 0) {
      let (embeddings, pullback) = encoder.encode(features, utterances: rows, forward)
      pullback(gradients.map { _ in embeddings }, backward)
    }
    return Double(rows) / time
  }
}
