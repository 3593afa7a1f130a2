import ArgumentParser
import DistTrain
import Foundation

/// The same utterances read from files of their own and from shards.
struct ShardsBenchmark: Benchmark {
  static let configuration = CommandConfiguration(
    commandName: "shards",
    abstract: "Writing shards, and reading crops from them and from single files, in random order, on one core.",
    discussion:
      "Files that were just written lie in memory: on a shared file system both take longer, single files most.")

  @Option(help: "Utterances of the generated corpus.")
  var utterances = 400

  @Option(help: "Of an utterance.")
  var utteranceSeconds = 4.0

  @Option(help: "Of a crop.")
  var seconds = 2.0

  @Option(help: "Where the corpus is written: the file system that counts.")
  var folder = FileManager.default.temporaryDirectory.path

  @OptionGroup var output: OutputOptions

  func measure(_ communicator: any Communicator) throws -> [Measure] {
    let place = "\(folder)/svdist-benchmark-shards-\(communicator.rank)-\(ProcessInfo.processInfo.processIdentifier)"
    try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: place) }
    let recordings = try RecordingFolder(seconds: utteranceSeconds, count: utterances, suffix: "flac", in: place)
    let lines = recordings.files.enumerated().map { "\($0.element.path),s\($0.offset % 20)" }
    try OutputFile.write(lines: ["path,speaker"] + lines, to: "\(place)/list.csv")
    let preparation = try CorpusPreparation(
      CorpusSource("\(place)/list.csv"), lengths: 0...(.infinity), minimumUtterances: 1)
    let prepared = try PreparedCorpus(preparation, heldOut: { _ in nil }, trials: nil, seed: 1)
    func write(_ name: String, _ shards: ShardWriter?) throws -> Double {
      try Seconds.of { try prepared.write("\(place)/\(name)", shards: shards, relativePaths: false, overwrite: false) }
    }
    _ = try write("files", nil)
    let writing = try write("shards", ShardWriter(utterancesPerShard: 100, isDecoded: false, seed: 1))
    let rates = try ["files", "shards"].map { ($0, try rate(Corpus.open("\(place)/\($0)"))) }
    return [Measure(quantity: "written to shards", value: Double(utterances) / writing, unit: "utterances/s")]
      + rates.map { Measure(quantity: "crops from \($0.0)", value: $0.1, unit: "utterances/s") }
  }

  /// Crops a second.
  private func rate(_ corpus: Corpus) throws -> Double {
    var stream = RandomStream(seed: 1, purpose: .test)
    let order = stream.shuffled(corpus.utterances.indices)
    let elapsed = try Seconds.median(rounds: 5) {
      for index in order {
        let utterance = corpus.utterances[index]
        let start = stream.uniform() * (utterance.seconds - seconds)
        _ = try Waveform.read(path: utterance.path, start: start, seconds: seconds)
      }
    }
    return Double(order.count) / elapsed
  }
}
