import ArgumentParser
import DistTrain
import Foundation

/// The time that each kind of augmentation adds to a crop, on one core.
struct AugmentationBenchmark: Benchmark {
  static let configuration = CommandConfiguration(
    commandName: "augmentation", abstract: "What reading a crop at another speed, rooms and codecs cost, on one core.")

  @Option(help: "Of a crop.")
  var seconds = 2.0

  @Option(help: "Of a room's impulse response.")
  var roomSeconds = 1.0

  @Option(help: "Crops that count.")
  var crops = 50

  @OptionGroup var output: OutputOptions

  func measure(_ communicator: any Communicator) throws -> [Measure] {
    let folder = try RecordingFolder(seconds: 8)
    var stream = RandomStream(seed: 1, purpose: .test)
    func reading(speed: Double) throws -> Double {
      try Seconds.median(rounds: crops) {
        let start = stream.uniform() * (8 / speed - seconds)
        _ = try Waveform.read(path: folder.files[0].path, start: start, seconds: seconds, speed: speed)
      }
    }
    let crop = try Waveform.read(path: folder.files[0].path, seconds: seconds)
    let response = (0..<Int(roomSeconds * 16_000)).map { Float(exp(-Double($0) / 4000) * stream.normal()) }
    let room = try RoomResponse(response, path: "generated")
    var costs = try [1, 0.9, 1.1].map { ("read at speed \($0)", try reading(speed: $0)) }
    costs.append(("room", Seconds.median(rounds: crops) { _ = room.reverberate(crop) }))
    for codec in Codec.allCases where codec.isAvailable {
      costs.append(
        (codec.rawValue, try Seconds.median(rounds: crops) { _ = try codec.transmit(crop, sampleRate: 16_000) }))
    }
    return costs.map { Measure(quantity: $0.0, value: $0.1 * 1e3, unit: "ms a crop") }
  }
}
