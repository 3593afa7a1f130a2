import DistTrain
import Foundation

/// A data directory of generated voices: each speaker a pitch and two resonances of noise and pulses.
enum GeneratedCorpus {
  /// Writes WAV files and the lists into `folder`.
  static func write(to folder: URL, speakers: Int, utterances: Int, seconds: Double = 0.8) throws {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    var recordings = ""
    var owners = ""
    for speaker in 0..<speakers {
      for utterance in 0..<utterances {
        let id = "s\(speaker)-u\(utterance)"
        let samples = voice(speaker: speaker, utterance: utterance, count: Int(seconds * 16_000))
        try wav(samples).write(to: folder.appending(path: "\(id).wav"))
        recordings += "\(id) \(id).wav\n"
        owners += "\(id) s\(speaker)\n"
      }
    }
    try recordings.write(to: folder.appending(path: "wav.scp"), atomically: true, encoding: .utf8)
    try owners.write(to: folder.appending(path: "utt2spk"), atomically: true, encoding: .utf8)
  }

  private static func voice(speaker: Int, utterance: Int, count: Int) -> [Int16] {
    var stream = RandomStream(seed: 11, purpose: .test, epoch: utterance, item: speaker)
    let pitch = 90 + 17 * Double(speaker) + 4 * stream.uniform()
    return (0..<count).map { index in
      let time = Double(index) / 16_000
      let harmonics = (1...12).reduce(0.0) { sum, harmonic in
        let gain = 1 / (1 + abs(Double(harmonic) - 2 - Double(speaker % 5)))
        return sum + gain * sin(2 * .pi * pitch * Double(harmonic) * time)
      }
      let syllable = 0.6 + 0.4 * sin(2 * .pi * (3 + stream.uniform()) * time)
      return Int16(2500 * syllable * harmonics + 150 * stream.normal())
    }
  }

  /// A WAV file: mono, 16 kHz, 16 bits.
  private static func wav(_ samples: [Int16]) -> Data {
    func little(_ value: Int, _ count: Int) -> [UInt8] { (0..<count).map { UInt8(value >> (8 * $0) & 255) } }
    let size = 2 * samples.count
    var bytes = Array("RIFF".utf8) + little(36 + size, 4) + Array("WAVEfmt ".utf8) + little(16, 4) + little(1, 2)
    bytes += little(1, 2) + little(16_000, 4) + little(32_000, 4) + little(2, 2) + little(16, 2)
    bytes += Array("data".utf8) + little(size, 4)
    bytes += samples.flatMap { little(Int(UInt16(bitPattern: $0)), 2) }
    return Data(bytes)
  }
}
