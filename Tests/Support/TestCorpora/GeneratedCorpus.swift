import DistTrain
package import Foundation

/// A data directory of generated voices: each speaker a pitch and two resonances of noise and pulses.
package enum GeneratedCorpus {
  /// Writes WAV files `s0-u0.wav` … and the lists (`wav.scp`, `utt2spk`, `utt2dur`) into `folder`.
  package static func write(to folder: URL, speakers: Int, utterances: Int, seconds: Double = 0.8) throws {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    var recordings = ""
    var owners = ""
    var durations = ""
    for speaker in 0..<speakers {
      for utterance in 0..<utterances {
        let id = "s\(speaker)-u\(utterance)"
        let samples = voice(speaker: speaker, utterance: utterance, count: Int(seconds * 16_000))
        try wav(samples).write(to: folder.appending(path: "\(id).wav"))
        recordings += "\(id) \(id).wav\n"
        owners += "\(id) s\(speaker)\n"
        durations += "\(id) \(seconds)\n"
      }
    }
    try recordings.write(to: folder.appending(path: "wav.scp"), atomically: true, encoding: .utf8)
    try owners.write(to: folder.appending(path: "utt2spk"), atomically: true, encoding: .utf8)
    try durations.write(to: folder.appending(path: "utt2dur"), atomically: true, encoding: .utf8)
  }

  /// Writes all pairs of a corpus's utterances as `trials` beside its lists.
  package static func writeTrials(to folder: URL, speakers: Int, utterances: Int) throws {
    let all = (0..<speakers).flatMap { speaker in (0..<utterances).map { (speaker, "s\(speaker)-u\($0)") } }
    var lines = ""
    for (index, enrolment) in all.enumerated() {
      for test in all[(index + 1)...] {
        lines += "\(enrolment.1) \(test.1) \(enrolment.0 == test.0 ? "target" : "nontarget")\n"
      }
    }
    try lines.write(to: folder.appending(path: "trials"), atomically: true, encoding: .utf8)
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
    WaveFile.bytes(format: 1, sampleBytes: 2, samples.flatMap { WaveFile.little(Int(UInt16(bitPattern: $0)), 2) })
  }
}
