import ArgumentParser
import DistTrain

/// The way from files to features, on one core.
struct InputBenchmark: Benchmark {
  static let configuration = CommandConfiguration(
    commandName: "input",
    abstract: "Decoding, crop and filter bank of an utterance, on one core, against the rate that a step needs.",
    discussion: """
      The filter bank's operations are 2.5·N·log₂ N of a frame's real transform of N = 512, eight for each of its 400 \
      samples, three for a power, two for a filter's weight, of which each power has two; they are held against the rate \
      of a large fp32 product. A crop's bytes are its samples, held against the memory's bandwidth.
      """)

  @OptionGroup var step: StepOptions
  @OptionGroup var output: OutputOptions

  func measure(_ communicator: any Communicator) throws -> [Measure] {
    let bank = FilterBank(FrontEnd(dither: 1))
    let features = Matrix(rows: bank.bins, columns: step.frames)
    let samples = (0..<FrontEnd().samples(frames: step.frames)).map { Float($0 % 97) / 97 - 0.5 }
    let bankSeconds = Seconds.median(rounds: 101) {
      bank.write(samples, dither: RandomStream(seed: 1, purpose: .dither), into: features, column: 0)
    }
    let decoding = try ["wav", "flac"].map { ($0, try decodingSeconds($0)) }
    // One core's, before the step takes its threads.
    let limit = ProductRate.measure(size: 512, columns: 4096)
    let bandwidth = MemoryBandwidth.measure().copy
    let training = try TrainingStep(step, communicator: communicator)
    for _ in 0..<step.warmUp { _ = try training.run() }
    let stepSeconds = Seconds.median(try (0..<step.steps).map { _ in try training.run() })
    let needed = Double(step.rows) / stepSeconds
    let operations = Double(step.frames) * (2.5 * 512 * 9 + 8 * 400 + 257 * (3 + 2 * 2))
    var measures = [
      Measure(quantity: "filter bank", value: bankSeconds * 1e3, unit: "ms an utterance"),
      Measure(quantity: "filter bank, work", value: operations / 1e6, unit: "MFLOP an utterance"),
      Measure(quantity: "filter bank, limit", value: operations / bankSeconds / limit, unit: "of the limit"),
      Measure(quantity: "needed", value: needed, unit: "utterances/s of the step"),
    ]
    for (suffix, seconds) in decoding {
      let rate = 1 / (seconds + bankSeconds)
      let bytes = Double(samples.count * MemoryLayout<Float>.stride)
      measures += [
        Measure(quantity: "\(suffix) crop", value: seconds * 1e3, unit: "ms an utterance"),
        Measure(quantity: "\(suffix) crop, work", value: bytes / 1e3, unit: "kB an utterance"),
        Measure(quantity: "\(suffix) crop, limit", value: bytes / seconds / bandwidth, unit: "of the limit"),
        Measure(quantity: "\(suffix) input", value: rate, unit: "utterances/s of a core"),
        Measure(quantity: "\(suffix) share", value: needed / rate, unit: "of a core's time beside the step"),
      ]
    }
    return measures
  }

  /// The seconds that one utterance takes: opening the file, seeking to a crop within 8 s, decoding it.
  private func decodingSeconds(_ suffix: String) throws -> Double {
    let folder = try RecordingFolder(seconds: 8, suffix: suffix)
    let seconds = Double(FrontEnd().samples(frames: step.frames)) / 16_000
    var stream = RandomStream(seed: 1, purpose: .test)
    return try Seconds.median(rounds: 21) {
      for file in folder.files {
        _ = try Waveform.read(
          path: file.path, start: stream.uniform() * (file.seconds - seconds), seconds: seconds)
      }
    } / Double(folder.files.count)
  }
}
