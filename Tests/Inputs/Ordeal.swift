import DistTrain
import Foundation

/// Every subcommand but launch and import on one odd corpus, without mpirun.
struct Ordeal {
  private(set) var runs = 0
  private(set) var faults: [String] = []
  let encoder: String
  let folder: String
  var random: RandomStream
  private let program: String
  private let limit: Double

  init(number: Int, seed: UInt64, program: String, encoder: String, folder: String, limit: Double) throws {
    (self.program, self.encoder, self.folder, self.limit) = (program, encoder, folder, limit)
    random = RandomStream(seed: seed, purpose: .test, item: number)
    try FileSystem.createFolder(folder)
    let corpus = try OddCorpus(in: "\(folder)/corpus", &random)
    try prepare(corpus)
    try useAsItIs(corpus)
  }

  /// A training of one step.
  static func training(corpus: String, run: String) -> [String] {
    ["--run-dir", run, "--threads", "1"] + settings(corpus: corpus)
  }

  private static func settings(corpus: String) -> [String] {
    let settings = [
      "corpus.train=\(corpus)", "encoder.channels=8", "encoder.embedding=8", "features.bins=24", "crop.seconds=0.3",
      "batch.speakers=2", "batch.utterances=2", "training.steps=1",
    ]
    return settings.flatMap { ["--set", $0] }
  }

  @discardableResult
  mutating func svdist(_ arguments: [String]) throws -> Trial {
    let trial = try Trial(program, arguments, in: folder, limit: limit)
    runs += 1
    faults += trial.faults.map { "svdist \(arguments.joined(separator: " ")): \($0)" }
    return trial
  }

  /// Prepares the corpus in several ways, and accounts for its recordings.
  private mutating func prepare(_ corpus: OddCorpus) throws {
    let ways = [
      [], ["--minimum-seconds", "0.1"], ["--trim-silence"], ["--shards"], ["--shards", "--decoded"],
      ["--join-shorter-than", "2"], ["--hold-out", "1"], ["--relative"],
    ]
    for (number, options) in [ways[0], ways[1 + random.below(ways.count - 1)]].enumerated() {
      let output = "\(folder)/prepared-\(number)"
      let trial = try svdist(["prepare", corpus.source, "--output", output] + options)
      guard trial.status == 0 else { continue }
      if corpus.isListed, ["", "--minimum-seconds", "--trim-silence", "--hold-out"].contains(options.first ?? "") {
        let missing = try Account(corpus.recordings, output: output).missing
        if !missing.isEmpty {
          faults.append("prepare \(options): neither listed nor left out: \(missing.joined(separator: ", "))")
        }
      }
      if number == 0 { try lookAt(output) }
      try use(options.contains("--hold-out") ? "\(output)/evaluation" : output, corpus)
    }
  }

  /// Trains on a data directory, embeds and scores it.
  private mutating func use(_ data: String, _ corpus: OddCorpus) throws {
    _ = try svdist(Self.training(corpus: data, run: "\(folder)/run-\(runs)"))
    let embeddings = "\(folder)/embeddings-\(runs).txt"
    let trial = try svdist(["embed", "--encoder", encoder, "--corpus", data, "--output", embeddings])
    if trial.status == 0 {
      let text = String(decoding: try InputFile.contents(of: embeddings), as: UTF8.self)
      let numbers = text.split(separator: "\n").flatMap {
        $0.split(separator: " ").dropFirst().compactMap { Float($0) }
      }
      if !numbers.allSatisfy(\.isFinite) { faults.append("embed wrote numbers that are not finite") }
      try score(embeddings, of: data, corpus)
    }
    _ = try svdist(["evaluate", "--encoder", encoder, "--corpus", data, "--trials", corpus.trials])
    _ = try svdist(["average", "\(folder)/run-\(runs)", "--last", "1"])
    _ = try svdist(["export", "\(folder)/run-\(runs)", "--output", "\(folder)/graph-\(runs).onnx"])
    _ = try svdist(["prepare", data, "--output", "\(folder)/again-\(runs)"])
  }

  /// Gives a data directory to the commands that only look at it.
  private mutating func lookAt(_ data: String) throws {
    let settings = Self.settings(corpus: data)
    _ = try svdist(["listen", "--count", "2", "--output", "\(folder)/heard"] + settings)
    _ = try svdist(["config"] + settings)
    _ = try svdist(["doctor", "--seconds", "0.01", "--threads", "1"] + settings)
    let file = "\(folder)/init.yaml"
    guard try svdist(["init", data, "--output", file]).status == 0 else { return }
    if try svdist(["config", "--config", file]).status != 0 { faults.append("init wrote what config refuses") }
  }

  /// Gives a corpus to commands without preparing it.
  private mutating func useAsItIs(_ corpus: OddCorpus) throws {
    let first = corpus.recordings[random.below(corpus.recordings.count)]
    let second = corpus.recordings[random.below(corpus.recordings.count)]
    _ = try svdist(["verify", first, second, "--encoder", encoder])
    try judgeScores(verifying: [first, second])
    guard [.kaldi, .segments].contains(corpus.layout) else { return }
    try use(corpus.source, corpus)
  }
}
