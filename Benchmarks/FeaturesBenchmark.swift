import ArgumentParser
import DistTrain

/// The measurements that scripts/benchmark-input compares with Python's: the filter bank alone, and the way from
/// recordings to features.
struct FeaturesBenchmark: Benchmark {
  static let configuration = CommandConfiguration(
    commandName: "features",
    abstract:
      "The filter bank on crops in memory, and opening, decoding and features of crops of recordings, on one core.")

  @Argument(help: "Recordings, of 16 kHz and longer than a crop.")
  var files: [String]

  @Option(help: "Of a crop.")
  var seconds = 2.0

  @Option(help: "Of the filter bank, in steps of 16 bits.")
  var dither = 1.0

  @Option(help: "Crops that count.")
  var crops = 200

  @OptionGroup var output: OutputOptions

  func measure(_ communicator: any Communicator) throws -> [Measure] {
    let bank = FilterBank(FrontEnd(dither: dither))
    let count = Int(seconds * 16_000)
    let features = Matrix(rows: bank.bins, columns: FrontEnd().frames(samples: count))
    let lengths = try files.map { try AudioFile(path: $0).seconds }
    let samples = try Waveform.read(path: files[0], seconds: seconds)
    func write(_ samples: [Float]) {
      bank.write(samples, dither: RandomStream(seed: 1, purpose: .dither), into: features, column: 0)
    }
    let bankSeconds = Seconds.median(rounds: crops) { write(samples) }
    var stream = RandomStream(seed: 1, purpose: .test)
    var index = 0
    let inputSeconds = try Seconds.median(rounds: crops) {
      let start = stream.uniform() * (lengths[index] - seconds)
      write(try Waveform.read(path: files[index], start: start, seconds: seconds))
      index = (index + 1) % files.count
    }
    return [
      Measure(quantity: "filter bank", value: bankSeconds * 1e3, unit: "ms a crop"),
      Measure(quantity: "input", value: inputSeconds * 1e3, unit: "ms a crop"),
    ]
  }
}
