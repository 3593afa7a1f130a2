import DistTrain
import Foundation
import Synchronization
import TestTools
import Testing

@Suite struct WaveformTests {
  let audio: GeneratedAudio

  init() throws { audio = try GeneratedAudio() }

  private static let rates = [8000, 11_025, 16_000, 22_050, 44_100, 48_000, 16_001]

  @Test(arguments: rates)
  func `A tone of any rate keeps frequency, amplitude and phase`(_ rate: Int) throws {
    let path = try audio.write([GeneratedAudio.sine(1000, seconds: 2, rate: rate)], rate: rate, as: .floatWav)
    let samples = try Waveform.read(path: path)
    #expect(samples.count == 32_000)
    let expected = GeneratedAudio.sine(1000, seconds: 2)
    // The filter rings where the tone starts and ends.
    #expect(largestDifference(samples[500..<31_500], expected[500..<31_500]) < 2e-5)
  }

  @Test(arguments: rates)
  func `A crop is a part of the whole, wherever it starts`(_ rate: Int) throws {
    let source = GeneratedAudio.noise(rate * 4)
    let path = try audio.write([source], rate: rate, as: .floatWav)
    let whole = try Waveform.read(path: path)
    #expect(whole.count == 64_000)
    var stream = RandomStream(seed: 4, purpose: .test)
    for start in (0..<10).map({ _ in stream.uniform(0, 3.4) }) + [0, 0.001, 3.4] {
      let crop = try Waveform.read(path: path, start: start, seconds: 0.6)
      let first = Int((start * 16_000).rounded())
      #expect(crop.count == 9600)
      #expect(largestDifference(crop, whole[first..<first + 9600]) < 1e-6, "from \(start) s")
    }
  }

  @Test(arguments: [8000, 14_400, 17_600, 44_100])
  func `High tones keep their amplitude up to 90 % of the band`(_ rate: Int) throws {
    let frequency = 0.45 * Double(min(rate, 16_000))
    let path = try audio.write(
      [GeneratedAudio.sine(frequency, seconds: 2, rate: rate)], rate: rate, as: .floatWav)
    let expected = GeneratedAudio.sine(frequency, seconds: 2)
    #expect(largestDifference(try Waveform.read(path: path)[1000..<31_000], expected[1000..<31_000]) < 1e-5)
  }

  @Test func `Threads that convert side by side get the same samples`() throws {
    let path = try audio.write([GeneratedAudio.noise(44_100 * 2)], rate: 44_100, as: .floatWav)
    let alone = try Waveform.read(path: path, start: 0.3, seconds: 1)
    let equal = Mutex(0)
    DispatchQueue.concurrentPerform(iterations: 64) { _ in
      guard (try? Waveform.read(path: path, start: 0.3, seconds: 1)) == alone else { return }
      equal.withLock { $0 += 1 }
    }
    #expect(equal.withLock { $0 } == 64)
  }

  @Test func `What lies beyond half the new rate is removed`() throws {
    let path = try audio.write([GeneratedAudio.sine(11_000, seconds: 1, rate: 44_100)], rate: 44_100, as: .floatWav)
    let samples = try Waveform.read(path: path)
    #expect(samples[500..<15_500].allSatisfy { abs($0) < 1e-5 })
  }

  @Test func `A crop across the end has the samples that are there`() throws {
    let path = try audio.write([GeneratedAudio.noise(16_000)])
    #expect(try Waveform.read(path: path, start: 0.75, seconds: 1).count == 4000)
    let resampled = try audio.write([GeneratedAudio.noise(22_050)], rate: 22_050)
    #expect(try Waveform.read(path: resampled, start: 0.75, seconds: 1).count == 4000)
    let failure = #expect(throws: Failure.self) { try Waveform.read(path: path, start: 1, seconds: 1) }
    #expect(failure?.kind == .badData)
  }

  @Test func `times beyond every recording are beyond this one's end`() throws {
    let path = try audio.write([GeneratedAudio.noise(16_000)])
    for seconds in [1e7, 5.8e14, 1e18, 1e300, .greatestFiniteMagnitude, .infinity] {
      #expect(try Waveform.read(path: path, seconds: seconds).count == 16_000)
      #expect(failure { _ = try Waveform.read(path: path, start: seconds, seconds: 1) }?.kind == .badData)
      for (start, length) in [(seconds, 1), (0, seconds), (seconds, seconds)] {
        let refusal = failure { _ = try AudioInspection.inspect(path: path, start: start, seconds: length) }
        #expect(refusal?.message.contains("correct the segment's times") == true, "\(start) \(length)")
      }
    }
  }

  @Test(arguments: [
    (0.3, 0.6, "to 0.9 s is asked: correct the segment's times"),
    (0.1, 0.7, "to 0.8 s is asked: correct the segment's times"),
    (0.9, 0.1, "from 0.9 s is asked: correct the segment's times"),
    (0, 0.9, "to 0.9 s is asked: correct the segment's times, or its length in utt2dur where there are no segments"),
  ])
  func `times in messages are those of the lists`(start: Double, seconds: Double, message: String) throws {
    let path = try audio.write([GeneratedAudio.lively(seconds: 0.5)])
    let refusal = failure { _ = try AudioInspection.inspect(path: path, start: start, seconds: seconds) }
    #expect(refusal?.message == "\(path): lasts 0.500 s, but a stretch \(message)")
  }

  @Test func `a recording of two samples is laid over a crop at any rate`() throws {
    let noise = try audio.write([[0.5, -0.5]], rate: 44_100, as: .floatWav, name: "noise/one.wav")
    let augmentation = try Augmentation(noise: URL(fileURLWithPath: noise).deletingLastPathComponent().path)
    let speech = GeneratedAudio.noise(4000)
    let mixed = try augmentation.apply(.noise(file: 0, snr: 0, offset: 0.5), to: speech)
    #expect(mixed.count == 4000 && mixed.allSatisfy { $0.isFinite })
  }

  @Test func `One channel of several is resampled alone`() throws {
    let channels = [GeneratedAudio.sine(500, seconds: 1, rate: 8000), GeneratedAudio.sine(800, seconds: 1, rate: 8000)]
    let path = try audio.write(channels, rate: 8000, as: .floatWav)
    let expected = GeneratedAudio.sine(800, seconds: 1)
    let samples = try Waveform.read(path: path, channel: 1)
    #expect(largestDifference(samples[500..<15_500], expected[500..<15_500]) < 2e-5)
  }

  @Test func `Short utterances are repeated, long ones cut`() {
    #expect(Waveform.tiled([1, 2, 3], count: 7) == [1, 2, 3, 1, 2, 3, 1])
    #expect(Waveform.tiled([1, 2, 3], count: 2) == [1, 2])
    #expect(Waveform.tiled([1, 2, 3], count: 0) == [])
  }
}
