import DistTrain
import Foundation
import GeneratedCorpora

/// A recording as people have them: in one of the containers that libsndfile reads, whole or with something wrong.
struct OddRecording {
  enum Container: String, CaseIterable {
    case wav, floats, stereo, flac, au, aiff
  }

  enum Fault: CaseIterable {
    case none, empty, truncated, flippedBits, longHeader, hugeSample, notANumber, silent, tiny, oppositePhases, text
  }

  let container: Container
  let fault: Fault

  /// The suffix of its file's name.
  var suffix: String {
    switch container {
    case .wav, .floats, .stereo: "wav"
    default: container.rawValue
    }
  }

  static func draw(_ random: inout RandomStream) -> OddRecording {
    let container = Container.allCases[random.below(Container.allCases.count)]
    // Most recordings of a corpus are in order.
    let fault = random.below(3) > 0 ? .none : Fault.allCases[random.below(Fault.allCases.count)]
    return OddRecording(container: container, fault: fault)
  }

  /// Writes the file.
  func write(to path: String, _ random: inout RandomStream) throws {
    var bytes = try whole(samples(&random), at: path)
    switch fault {
    case .empty: bytes = []
    case .text: bytes = Array("This is no recording.\n".utf8)
    case .truncated: bytes = Array(bytes.prefix(random.below(bytes.count)))
    case .flippedBits:
      for _ in 0...random.below(20) { bytes[random.below(bytes.count)] ^= 1 << UInt8(random.below(8)) }
    case .longHeader:
      // Somewhere among the first bytes stands a length.
      let place = random.below(min(60, bytes.count - 4))
      bytes.replaceSubrange(place..<place + 4, with: [0xFF, 0xFF, 0xFF, 0x7F])
    default: break
    }
    try Data(bytes).write(to: URL(fileURLWithPath: path))
  }

  private func samples(_ random: inout RandomStream) -> [Float] {
    let count = fault == .tiny ? random.below(500) : 8000 + random.below(16_000)
    let pitch = random.uniform(0.02, 0.1)
    var samples = (0..<count).map { Float(0.2 * sin(Double($0) * pitch) + 0.02 * random.normal()) }
    guard count > 0 else { return samples }
    switch fault {
    case .silent: samples = [Float](repeating: 0, count: count)
    case .hugeSample: samples[random.below(count)] = [1.3e29, -3e38, 40_000, 1e10][random.below(4)]
    case .notANumber: samples[random.below(count)] = random.below(2) == 0 ? .nan : .infinity
    default: break
    }
    return samples
  }

  /// The bytes of a file with the samples.
  private func whole(_ samples: [Float], at path: String) throws -> [UInt8] {
    let shorts = samples.map { Int16(max(-32_768, min(32_767, $0.isFinite ? $0 * 32_768 : 0))) }
    let big = shorts.flatMap { [UInt8(truncatingIfNeeded: $0 >> 8), UInt8(truncatingIfNeeded: $0)] }
    switch container {
    case .wav:
      return Array(WaveFile.bytes(format: 1, sampleBytes: 2, shorts.flatMap { WaveFile.little(Int($0), 2) }))
    case .floats: return Array(WaveFile.floats(samples))
    case .stereo:
      let second: Int16 = fault == .oppositePhases ? -1 : 1
      let both = shorts.flatMap {
        WaveFile.little(Int($0), 2) + WaveFile.little(Int($0 == .min ? .max : $0 * second), 2)
      }
      return Array(WaveFile.bytes(format: 1, sampleBytes: 2, both, channels: 2))
    case .flac:
      let file = try FLACFile(path: path, sampleRate: 16_000)
      try file.append(samples.map { $0.isFinite ? $0 : 0 })
      try file.close()
      return try InputFile.contents(of: path)
    case .au:
      return Array(".snd".utf8) + [24, big.count, 3, 16_000, 1].flatMap { WaveFile.little($0, 4).reversed() } + big
    case .aiff:
      let rate: [UInt8] = [0x40, 0x0C, 0xFA, 0, 0, 0, 0, 0, 0, 0]
      let common: [UInt8] = [0, 1] + WaveFile.little(shorts.count, 4).reversed() + [0, 16] + rate
      let sound = WaveFile.little(0, 8) + big
      let chunks =
        Array("COMM".utf8) + WaveFile.little(common.count, 4).reversed() + common + Array("SSND".utf8)
        + WaveFile.little(sound.count, 4).reversed() + sound
      return Array("FORM".utf8) + WaveFile.little(4 + chunks.count, 4).reversed() + Array("AIFF".utf8) + chunks
    }
  }
}
