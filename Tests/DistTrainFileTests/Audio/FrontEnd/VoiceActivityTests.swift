import DistTrain
import Foundation
import TestTools
import Testing

@Suite struct VoiceActivityTests {
  let audio: GeneratedAudio

  init() throws { audio = try GeneratedAudio() }

  /// `scripts/golden` (oracle/voice.py).
  private struct Record: Decodable {
    struct Case: Decodable {
      let threshold: Double
      let meanScale: Double
      let voice: String
    }

    /// The samples, amplitude and offset of each stretch.
    let signal: [[Int]]
    let logEnergies: [Double]
    let cases: [Case]

    var samples: [Float] {
      let parts = signal.flatMap { part in (0..<part[0]).map { _ in (amplitude: part[1], offset: part[2]) } }
      return parts.enumerated().map { k, part in
        let product = part.amplitude * ((31 * k * k + 17 * k) % 2003 - 1001)
        return Float(Int((Double(product) / 1001).rounded(.down)) + part.offset) / 32768
      }
    }
  }

  @Test func `Energies and decisions are Kaldi's, in whatever parts the samples come`() throws {
    let record = try Golden.record("voice", as: Record.self)
    let samples = record.samples
    for part in [samples.count, 1000, 159] {
      var energies = FrameEnergies(sampleRate: 16_000)
      for first in stride(from: 0, to: samples.count, by: part) {
        energies.append(Array(samples[first..<min(samples.count, first + part)]))
      }
      #expect(energies.logarithms.count == record.logEnergies.count)
      for (ours, golden) in zip(energies.logarithms, record.logEnergies) { #expect(abs(ours - golden) < 1e-9) }
      for rule in record.cases {
        let voice = VoiceActivity(energyThreshold: rule.threshold, meanScale: rule.meanScale)
        let decisions = voice.decisions(energies.logarithms).map { $0 ? "1" : "0" }.joined()
        #expect(decisions == rule.voice, "\(rule.threshold) + \(rule.meanScale) · mean")
      }
    }
  }

  @Test(arguments: [8000, 11_025, 48_000]) func `Energies are those of 16 kHz at any rate`(rate: Int) {
    let logarithms = [16_000, rate].map { rate in
      var energies = FrameEnergies(sampleRate: rate)
      energies.append(GeneratedAudio.sine(440, seconds: 1, rate: rate))
      return energies.logarithms
    }
    for (found, wanted) in zip(logarithms[1], logarithms[0]) { #expect(abs(found - wanted) < 0.01) }
  }

  /// A tone where `pattern` has a positive number of seconds, the floor where it has a negative one.
  private func sound(_ pattern: [Double], floor: Double, rate: Int) -> [Float] {
    let noise = GeneratedAudio.noise(rate * 8, amplitude: floor)
    var samples: [Float] = []
    for seconds in pattern {
      let tone = GeneratedAudio.sine(300, seconds: abs(seconds), rate: rate, amplitude: seconds > 0 ? 0.3 : 0)
      for sample in tone { samples.append(sample + noise[samples.count % noise.count]) }
    }
    return samples
  }

  private func stretches(
    _ pattern: [Double], floor: Double = 0, rate: Int = 16_000, longestPause: Double? = nil
  ) throws -> [Range<Double>] {
    let path = try audio.write([sound(pattern, floor: floor, rate: rate)], rate: rate, as: .floatWav)
    let found = try AudioInspection.inspect(path: path, voice: VoiceActivity(longestPause: longestPause))
    return try #require(found.voice).map { Double($0.lowerBound) / Double(rate)..<Double($0.upperBound) / Double(rate) }
  }

  /// Begins and ends differ by less than two frames of 25 ms and the two beside them.
  private func agree(_ found: [Range<Double>], _ expected: [Range<Double>]) -> Bool {
    found.count == expected.count
      && zip(found, expected).allSatisfy {
        abs($0.lowerBound - $1.lowerBound) < 0.07 && abs($0.upperBound - $1.upperBound) < 0.07
      }
  }

  @Test(arguments: [8000, 16_000, 44_100], [0, 5e-4])
  func `Silence around voice is found, over silence and over a noise floor, at any rate`(rate: Int, floor: Double)
    throws
  {
    let found = try stretches([-0.6, 1, -0.5, 0.7, -0.8], floor: floor, rate: rate)
    #expect(agree(found, [0.5..<2.9]), "\(found)")
  }

  @Test func `Pauses that are too long divide, shorter ones do not`() throws {
    let pattern = [0.5, -0.9, 0.5, -0.3, 0.5, -0.4]
    #expect(agree(try stretches(pattern), [0..<2.8]))
    #expect(agree(try stretches(pattern, longestPause: 0.5), [0..<0.6, 1.3..<2.8]))
    #expect(agree(try stretches(pattern, longestPause: 0.2), [0..<0.6, 1.3..<2, 2.1..<2.8]))
  }

  @Test func `Voice from end to end stays whole, to the last sample`() throws {
    #expect(try stretches([1.0037]) == [0..<Double(16_059) / 16_000])
  }

  @Test func `A faint hum holds no voice, nor does less than a frame`() throws {
    let hum = GeneratedAudio.sine(50, seconds: 1, amplitude: 3e-4)
    for samples in [hum, GeneratedAudio.sine(300, seconds: 0.02)] {
      let path = try audio.write([samples], as: .floatWav)
      #expect(try AudioInspection.inspect(path: path, voice: VoiceActivity()).voice == [])
    }
  }

  @Test func `A stretch is looked through alone, and nothing where nobody asked`() throws {
    let path = try audio.write([sound([1, -1, 0.5, -1], floor: 0, rate: 16_000)], as: .floatWav)
    let found = try AudioInspection.inspect(path: path, start: 1.5, seconds: 2, voice: VoiceActivity())
    #expect(
      agree(
        try #require(found.voice).map { Double($0.lowerBound) / 16_000..<Double($0.upperBound) / 16_000 }, [0.4..<1.1]))
    #expect(try AudioInspection.inspect(path: path).voice == nil)
  }
}
