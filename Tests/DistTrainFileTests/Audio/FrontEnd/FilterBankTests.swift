import DistTrain
import Foundation
import TestTools
import Testing

@Suite struct FilterBankTests {
  private static func fixture<Value>(_ name: String, of: Value.Type) throws -> [Value] {
    let data = try Data(contentsOf: Golden.url(name))
    return data.withUnsafeBytes { bytes in
      stride(from: 0, to: bytes.count, by: MemoryLayout<Value>.size).map {
        bytes.loadUnaligned(fromByteOffset: $0, as: Value.self)
      }
    }
  }

  /// The files are written by scripts/golden, with these settings (oracle/filterbank.py).
  @Test(arguments: [
    ("features", [], 80, 48), ("sherpa", ["window=povey", "highestFrequency=7600", "edges=mirror"], 80, 50),
    ("3d-speaker", ["window=povey", "scale=unit"], 80, 48),
    (
      "hann",
      [
        "window=hann", "frameLength=50", "frameShift=12.5", "edges=mirror", "lowestFrequency=0", "preEmphasis=0",
        "scale=unit", "logFloor=1e-10", "bins=24",
      ], 24, 40
    ),
    (
      "rectangular",
      [
        "window=rectangular", "frameLength=16", "frameShift=16", "lowestFrequency=100", "highestFrequency=3700",
        "preEmphasis=0.5", "logFloor=1e-2", "meanRemoval=none", "bins=30",
      ], 30, 31
    ),
    ("tfmel", ["type=tfmel"], 72, 49),
    (
      "tfmel-other",
      [
        "type=tfmel", "bins=30", "frameLength=16", "frameShift=8", "lowestFrequency=100", "highestFrequency=3700",
        "preEmphasis=0.5",
      ], 30, 62
    ),
    ("speechbrain", ["type=speechbrain"], 80, 51),
    (
      "speechbrain-other",
      ["type=speechbrain", "bins=30", "frameShift=8", "lowestFrequency=100", "highestFrequency=3700"], 30, 63
    ),
  ])
  func `Features equal a double-precision reference`(name: String, settings: [String], bins: Int, frames: Int) throws {
    let samples = try Self.fixture("filterbank-samples.f32", of: Float.self)
    let expected = try Self.fixture("filterbank-\(name).f64", of: Double.self)
    let frontEnd = try Configuration.load(file: nil, overrides: settings.map { "features.\($0)" }).features
    let features = FilterBank(frontEnd).features(of: samples, dither: nil)
    #expect(features.rows == bins)
    #expect(features.columns == frames)
    try #require(features.count == expected.count)
    let largest = zip(features.elements, expected).reduce(0) { max($0, abs(Double($1.0) - $1.1)) }
    // Decibels are 4.3 times natural logarithms.
    #expect(largest < (frontEnd.type == .speechbrain ? 5e-5 : 1e-5))
  }

  @Test(arguments: [1, 79, 80, 100, 399, 1000])
  func `Beyond its ends an utterance is mirrored, over and over where it is short`(_ count: Int) {
    var mirrored = FrontEnd(dither: 0)
    mirrored.edges = .mirror
    #expect(mirrored.frames(samples: count) == (count + 80) / 160)
    #expect(mirrored.samples(frames: 3) == 400)
    guard mirrored.frames(samples: count) > 0 else { return }
    let samples = GeneratedAudio.noise(count)
    // Kaldi's rule (`feature-window.cc`, ExtractWindow).
    let extended = (-120..<280 + 160 * (mirrored.frames(samples: count) - 1)).map { index in
      var place = index
      while !samples.indices.contains(place) { place = place < 0 ? -place - 1 : 2 * count - 1 - place }
      return samples[place]
    }
    #expect(
      FilterBank(mirrored).features(of: samples, dither: nil).values
        == FilterBank(FrontEnd()).features(of: extended, dither: nil).values)
  }

  @Test func `A scaled utterance has a frame for each shift within it and half a shift of zeros at either end`() {
    let frontEnd = FrontEnd(.tfmel)
    let expected = [(0, 0), (239, 0), (240, 1), (399, 1), (400, 2), (16_000, 99), (32_000, 199)]
    for (samples, frames) in expected { #expect(frontEnd.frames(samples: samples) == frames, "\(samples) samples") }
    var short = frontEnd
    short.frameLength = short.frameShift
    // Without a second sample the first one has no predecessor.
    #expect(short.frames(samples: 1) == 0 && short.frames(samples: 2) == 1 && short.samples(frames: 1) == 2)
    for frontEnd in [frontEnd, short] {
      for frames in 2...300 {
        let samples = frontEnd.samples(frames: frames)
        #expect(frontEnd.frames(samples: samples) == frames)
        #expect(frontEnd.frames(samples: samples - 1) == frames - 1)
      }
    }
  }

  @Test func `A scaled utterance's features are those of louder or offset speech, and finite of what has no deviation`()
  {
    let bank = FilterBank(FrontEnd(.tfmel))
    let samples = GeneratedAudio.noise(16_000, amplitude: 0.05)
    let features = bank.features(of: samples, dither: nil)
    let louder = bank.features(of: samples.map { 4 * $0 }, dither: nil)
    let offset = bank.features(of: samples.map { $0 + 0.125 }, dither: nil)
    #expect(largestDifference(features.elements, louder.elements) < 1e-4)
    #expect(largestDifference(features.elements, offset.elements) < 1e-3)
    // Sums over samples have lanes of eight: this length leaves some.
    let few = GeneratedAudio.noise(407, amplitude: 0.05)
    let (own, shifted) = (bank.features(of: few, dither: nil), bank.features(of: few.map { $0 + 0.125 }, dither: nil))
    #expect(own.columns == 2 && largestDifference(own.elements, shifted.elements) < 1e-3)
    for silent in [[Float](repeating: 0, count: 4000), [Float](repeating: 0.1, count: 4000), [0.1, 0.2]] {
      let count = max(silent.count, 240)
      let features = bank.features(of: Waveform.tiled(silent, count: count), dither: nil)
      #expect(features.values.allSatisfy { $0.isFinite })
    }
  }

  @Test(arguments: [FrontEnd.Kind.tfmel, .speechbrain])
  func `A frame of a scaled or padded utterance lies where it does in a batch, whatever is beside it`(
    kind: FrontEnd.Kind
  ) {
    let bank = FilterBank(FrontEnd(kind))
    let samples = GeneratedAudio.noise(4000)
    let alone = bank.features(of: samples, dither: RandomStream(seed: 1, purpose: .dither))
    let batch = Matrix(rows: bank.bins, columns: 2 * alone.columns + 1)
    batch.elements.update(repeating: 777)
    bank.write(samples, dither: nil, into: batch, column: alone.columns)
    for bin in 0..<bank.bins {
      for column in 0..<batch.columns {
        let frame = column - alone.columns
        #expect(batch[bin, column] == ((0..<alone.columns).contains(frame) ? alone[bin, frame] : 777))
      }
    }
  }

  @Test func `A padded utterance has a frame about its first sample and about each shift behind it`() {
    let frontEnd = FrontEnd(.speechbrain)
    let expected = [(0, 0), (1, 1), (159, 1), (160, 2), (319, 2), (320, 3), (400, 3), (16_000, 101), (48_000, 301)]
    for (samples, frames) in expected { #expect(frontEnd.frames(samples: samples) == frames, "\(samples) samples") }
    #expect(frontEnd.samples(frames: 0) == 0 && frontEnd.samples(frames: 1) == 1)
    for frames in 2...300 {
      let samples = frontEnd.samples(frames: frames)
      #expect(frontEnd.frames(samples: samples) == frames)
      #expect(frontEnd.frames(samples: samples - 1) == frames - 1)
    }
    let bank = FilterBank(frontEnd)
    for count in [1, 100, 199, 201, 399] {
      let samples = GeneratedAudio.noise(count, amplitude: 0.1)
      let features = bank.features(of: samples, dither: nil)
      // The frames of the same samples with zeros behind, as far as these do not change their number.
      let longer = bank.features(of: samples + [Float](repeating: 0, count: 159 - count % 160), dither: nil)
      #expect(features.values == longer.values, "\(count) samples")
    }
  }

  @Test func `Levels are held within 80 decibels below the loudest of the utterance at hand`() {
    var frontEnd = FrontEnd(.speechbrain)
    frontEnd.meanRemoval = .none
    let bank = FilterBank(frontEnd)
    let (loud, quiet) = (GeneratedAudio.noise(8000, amplitude: 0.3), GeneratedAudio.noise(8000, amplitude: 3e-6))
    let both = bank.features(of: loud + quiet, dither: nil).values
    let loudest = both.max() ?? 0
    #expect(both.min() == loudest - 80)
    let alone = bank.features(of: loud, dither: nil).values
    #expect(alone.max() == loudest && (alone.min() ?? 0) > loudest - 75)
    // A piece of the quiet part has levels of its own, which the loud part does not lift.
    let piece = bank.features(of: quiet, dither: nil).values
    #expect((piece.max() ?? 0) < loudest - 80 && (piece.min() ?? 0) < loudest - 100)
    // The least energy is 10⁻¹⁰.
    #expect(
      bank.features(of: [Float](repeating: 0, count: 1000), dither: nil).values.allSatisfy { abs($0 + 100) < 1e-4 })
    let silent = FilterBank(FrontEnd(.speechbrain)).features(of: [Float](repeating: 0, count: 1000), dither: nil)
    #expect(silent.values.allSatisfy { $0 == 0 })
  }

  @Test func `Dither is the same noise whatever the scale, and no mean is removed where none is to be`() {
    var large = FrontEnd(dither: 1)
    large.logFloor = 1e-30
    large.meanRemoval = .none
    var small = large
    small.scale = .unit
    let features = [large, small].map {
      FilterBank($0).features(
        of: GeneratedAudio.noise(16_000, amplitude: 1e-4), dither: RandomStream(seed: 1, purpose: .dither)
      ).values
    }
    let difference = 2 * log(Float(32768))
    for (a, b) in zip(features[0], features[1]) { #expect(abs(a - b - difference) < 1e-4) }
  }

  @Test func `Frames are whole ones only`() {
    let expected = [(0, 0), (399, 0), (400, 1), (559, 1), (560, 2), (719, 2), (720, 3), (16_000, 98), (48_000, 298)]
    for (samples, frames) in expected { #expect(FrontEnd().frames(samples: samples) == frames, "\(samples) samples") }
    for frames in 1...300 {
      let samples = FrontEnd().samples(frames: frames)
      #expect(FrontEnd().frames(samples: samples) == frames)
      #expect(FrontEnd().frames(samples: samples - 1) == frames - 1)
    }
    #expect(FrontEnd().samples(frames: 0) == 0)
  }

  @Test(arguments: [400, 560, 2800, 2960, 3120, 16_000])
  func `Utterances lie side by side and do not touch their neighbours`(_ count: Int) {
    let bank = FilterBank(FrontEnd(dither: 0))
    let samples = GeneratedAudio.noise(count)
    let alone = bank.features(of: samples, dither: nil)
    let frames = FrontEnd().frames(samples: count)
    let batch = Matrix(rows: 80, columns: 3 * frames + 2)
    batch.elements.update(repeating: -77)
    bank.write(samples, dither: nil, into: batch, column: frames + 1)
    for bin in 0..<80 {
      for column in 0..<batch.columns {
        let frame = column - frames - 1
        #expect(batch[bin, column] == ((0..<frames).contains(frame) ? alone[bin, frame] : -77))
      }
    }
  }

  @Test func `Each bin's mean over the frames is removed`() {
    let features = FilterBank(FrontEnd(dither: 1)).features(
      of: GeneratedAudio.lively(seconds: 3), dither: RandomStream(seed: 1, purpose: .dither))
    for bin in 0..<80 {
      let row = UnsafeBufferPointer(start: features.row(bin), count: features.columns)
      let sum = row.reduce(0) { $0 + Double($1) }
      #expect(abs(sum / Double(row.count)) < 1e-5)
      #expect(row.contains { abs($0) > 0.1 })
    }
  }

  @Test func `Louder or offset speech has the same features`() {
    let bank = FilterBank(FrontEnd(dither: 0))
    let samples = GeneratedAudio.noise(16_000, amplitude: 0.05)
    let features = bank.features(of: samples, dither: nil)
    let louder = bank.features(of: samples.map { 4 * $0 }, dither: nil)
    let offset = bank.features(of: samples.map { $0 + 0.125 }, dither: nil)
    #expect(largestDifference(features.elements, louder.elements) < 1e-4)
    #expect(largestDifference(features.elements, offset.elements) < 1e-3)
  }

  @Test func `Dither is the same for the same stream and another for another`() {
    let samples = GeneratedAudio.sine(440, seconds: 1, amplitude: 0.001)
    let bank = FilterBank(FrontEnd(dither: 1))
    let stream = { (epoch: Int) in RandomStream(seed: 1, purpose: .dither, epoch: epoch) }
    let first = bank.features(of: samples, dither: stream(0)).values
    #expect(bank.features(of: samples, dither: stream(0)).values == first)
    #expect(bank.features(of: samples, dither: stream(1)).values != first)
    #expect(bank.features(of: samples, dither: nil).values != first)
    #expect(
      FilterBank(FrontEnd(dither: 0)).features(of: samples, dither: stream(0)).values
        == bank.features(of: samples, dither: nil).values)
  }

  /// Silence with dither is the dither: it must look as a recording of such noise does. Frames overlap by 60 %, so the
  /// recording's neighbouring frames are alike; dither is drawn anew for each frame, so its are not.
  @Test(arguments: [40, 60, 79])
  func `Dither of silence is white noise that differs from frame to frame`(_ bin: Int) {
    let silence = [Float](repeating: 0, count: 160_000)
    let dithered = FilterBank(FrontEnd(dither: 1)).features(
      of: silence, dither: RandomStream(seed: 2, purpose: .dither))
    let recorded = FilterBank(FrontEnd(dither: 0)).features(of: GeneratedAudio.noise(160_000), dither: nil)
    let (dither, recording) = (Self.correlations(dithered, bin: bin), Self.correlations(recorded, bin: bin))
    #expect(abs(dither.spread / recording.spread - 1) < 0.3)
    #expect(abs(dither.neighbours) < 0.1)
    #expect(recording.neighbours > 0.1)
  }

  /// The variance over the frames of a bin, whose mean is 0, and the correlation of neighbouring frames.
  private static func correlations(_ features: Matrix, bin: Int) -> (spread: Double, neighbours: Double) {
    let row = (0..<features.columns).map { Double(features[bin, $0]) }
    var (square, product) = (0.0, 0.0)
    for (value, next) in zip(row, row.dropFirst()) {
      square += value * value
      product += value * next
    }
    return (square / Double(row.count), product / square)
  }

  @Test func `Dither is of one 16-bit step`() {
    // Means are removed, so the level shows against a loud stretch in the same utterance.
    let loud = GeneratedAudio.noise(80_000, amplitude: 0.1)
    let bank = FilterBank(FrontEnd(dither: 1))
    let step = 1 / 32768.0
    let silent = bank.features(
      of: [Float](repeating: 0, count: 80_000) + loud, dither: RandomStream(seed: 2, purpose: .dither))
    let noisy = FilterBank(FrontEnd(dither: 0)).features(
      of: GeneratedAudio.noise(80_000, amplitude: step) + loud, dither: nil)
    for bin in [20, 40, 60, 79] {
      let levels = [silent, noisy].map { features -> Double in
        let sum = (0..<490).reduce(0.0) { $0 + Double(features[bin, $1]) }
        return sum / 490
      }
      #expect(abs(levels[0] - levels[1]) < 0.1)
    }
  }

  @Test func `Normal numbers for dither have the normal distribution's moments and tails`() {
    var noise = GaussianNoise(RandomStream(seed: 5, purpose: .test))
    let count = 2_000_000
    var drawn = [Float](repeating: 0, count: count)
    drawn.withUnsafeMutableBufferPointer { noise.fill($0) }
    var (sums, tail, beyond) = (SIMD4<Double>(repeating: 0), 0, 0)
    for value in drawn.lazy.map({ Double($0) }) {
      sums += SIMD4(value, value * value, value * value * value, value * value * value * value)
      if abs(value) > 1.959964 { tail += 1 }
      if abs(value) > 3.5 { beyond += 1 }
    }
    let moments = sums / Double(count)
    #expect(abs(moments.x) < 0.004)
    #expect(abs(moments.y - 1) < 0.006)
    #expect(abs(moments.z) < 0.015)
    #expect(abs(moments.w - 3) < 0.04)
    #expect(abs(Double(tail) / Double(count) - 0.05) < 0.001)
    // 4.65e-4 of them lie beyond 3.5: the ziggurat's tail, that begins at 3.44.
    #expect(abs(Double(beyond) / Double(count) - 4.65e-4) < 6e-5)
    // Neither the eight of a turn nor those of the next are alike.
    for distance in [1, 2, 3, 4, 5, 7, 8, 9, 16] {
      let products = zip(drawn, drawn.dropFirst(distance)).reduce(0) { $0 + Double($1.0) * Double($1.1) }
      #expect(abs(products / Double(count)) < 0.004, "numbers \(distance) apart")
    }
  }
}
