import DistTrain
import Foundation
import TestTools
import Testing

/// Music, babble, volume, codecs, speed, and all of them as functions of their keys.
@Suite struct AugmentationKindsTests {
  let audio: GeneratedAudio

  init() throws {
    audio = try GeneratedAudio()
    try audio.write([GeneratedAudio.noise(40_000, item: 1)], name: "musan/noise/free/n.wav")
    try audio.write([GeneratedAudio.sine(440, seconds: 3)], name: "musan/music/m.wav")
    for voice in 0..<5 {
      let samples = GeneratedAudio.noise(48_000, amplitude: 0.02 * Double(voice + 1), item: 10 + voice)
      try audio.write([samples], as: .floatWav, name: "musan/speech/v\(voice).wav")
    }
    try audio.write([[0, 1, 0.5, -0.25]], name: "rooms/r.wav")
  }

  private func power(_ samples: some Collection<Float>) -> Double {
    samples.reduce(0) { $0 + Double($1) * Double($1) } / Double(samples.count)
  }

  private func stream(_ item: Int) -> RandomStream { RandomStream(seed: 3, purpose: .augmentation, item: item) }

  private func everything(_ ratios: Augmentation.Ratios = .init()) throws -> Augmentation {
    try Augmentation(musan: audio.path("musan"), rooms: audio.path("rooms"), probability: 1, snr: ratios)
  }

  @Test func `Each kind is as frequent as the others, with its own range of ratios`() throws {
    let augmentation = try everything()
    var counts: [String: Int] = [:]
    var voiceCounts = Set<Int>()
    for item in 0..<4000 {
      var stream = stream(item)
      switch augmentation.draw(&stream) {
      case .none: Issue.record("the probability is 1")
      case .noise(_, let snr, _):
        counts["noise", default: 0] += 1
        #expect((0...15).contains(snr))
      case .music(_, let snr, _):
        counts["music", default: 0] += 1
        #expect((5...15).contains(snr))
      case .babble(let voices, let snr):
        counts["babble", default: 0] += 1
        voiceCounts.insert(voices.count)
        #expect((13...20).contains(snr))
      case .room: counts["room", default: 0] += 1
      }
    }
    #expect(counts.count == 4 && counts.values.allSatisfy { abs($0 - 1000) < 130 }, "\(counts)")
    #expect(voiceCounts == Set(3...8))
  }

  @Test func `Babble is voices of equal power, their sum below the speech by the ratio drawn`() throws {
    let augmentation = try everything()
    let speech = GeneratedAudio.lively(seconds: 1).map { $0 * 0.1 }
    let voices = (0..<3).map { BabbleVoice(path: audio.path("musan/speech/v\($0).wav"), offset: 0) }
    let noisy = try augmentation.apply(.babble(voices: voices, snr: 13), to: speech)
    let babble = zip(noisy, speech).map { $0 - $1 }
    #expect(abs(10 * log10(power(speech) / power(babble)) - 13) < 0.01)
    let shares = try voices.map { voice in
      let samples = try Waveform.read(path: voice.path, seconds: 1)
      return zip(samples, babble).reduce(0.0) { $0 + Double($1.0 * $1.1) } / power(samples).squareRoot()
    }
    for share in shares { #expect(abs(share / shares[0] - 1) < 0.05, "\(shares)") }
    let music = zip(try augmentation.apply(.music(file: 0, snr: 7, offset: 0.5), to: speech), speech).map { $0 - $1 }
    #expect(abs(10 * log10(power(speech) / power(music)) - 7) < 0.01)
  }

  @Test func `A corpus's own voice that cannot be read is left out of the babble`() throws {
    let augmentation = try everything()
    let speech = GeneratedAudio.lively(seconds: 0.5)
    let own = BabbleVoice(path: audio.path("musan/speech/gone.wav"), offset: 0)
    #expect(try augmentation.apply(.babble(voices: [own], snr: 10), to: speech) == speech)
    let other = BabbleVoice(path: audio.path("musan/speech/v0.wav"), offset: 0)
    #expect(
      try augmentation.apply(.babble(voices: [own, other], snr: 10), to: speech)
        == augmentation.apply(.babble(voices: [other], snr: 10), to: speech))
  }

  @Test func `A voice on one channel of a recording is heard on it`() throws {
    let augmentation = try everything()
    let speech = GeneratedAudio.lively(seconds: 0.5)
    let sides = [1, 2].map { GeneratedAudio.lively(seconds: 0.5, item: $0) }
    let both = try audio.write(sides, as: .floatWav)
    for (channel, side) in sides.enumerated() {
      let alone = BabbleVoice(path: try audio.write([side], as: .floatWav), offset: 0.3)
      let heard = BabbleVoice(path: both, channel: channel, offset: 0.3)
      #expect(
        try augmentation.apply(.babble(voices: [heard], snr: 10), to: speech)
          == augmentation.apply(.babble(voices: [alone], snr: 10), to: speech))
    }
  }

  @Test func `A corpus's babble has no voice of the speaker, at whatever speed`() throws {
    let corpus = try NoiseCorpus(speakers: 3, utterances: 2, seconds: 0.7).corpus
    let settings = [
      "augmentation={probability: 1, babble: {corpus: true}, speed: {factors: [0.9, 1, 1.1], asSpeakers: true}}"
    ]
    let configuration = try Configuration.load(file: nil, overrides: settings)
    let augmentation = try Augmentation(configuration.augmentation, corpus: corpus)
    let speakers = corpus.atSpeeds([0.9, 1, 1.1]).speakers
    for (speaker, name) in speakers.enumerated() {
      var heard = Set<Substring>()
      for item in 0..<40 {
        var stream = stream(item)
        guard case .babble(let voices, _) = augmentation.draw(&stream, speaker: speaker) else {
          Issue.record("no babble")
          return
        }
        heard.formUnion(voices.map { $0.path.split(separator: "/").last!.prefix(2) })
      }
      #expect(heard == Set(["s0", "s1", "s2"]).subtracting([name.prefix(2)]), "\(name): \(heard)")
    }
  }

  @Test func `A MUSAN folder is its folders, one of which may be given apart`() throws {
    let augmentation = try everything()
    #expect(augmentation.noises.count == 1 && augmentation.music.count == 1)
    let apart = try Augmentation(musan: audio.path("musan"), noise: audio.path("musan/speech"))
    #expect(apart.noises.count == 5 && apart.music.count == 1)
    let failure = #expect(throws: Failure.self) { try Augmentation(musan: audio.path("rooms")) }
    #expect(failure?.kind == .usage)
    #expect(failure?.message.hasPrefix("augmentation.musan: \(audio.path("rooms")) holds none of") == true)
  }

  @Test func `A gain is in decibels of amplitude and clips at full scale`() throws {
    let augmentation = try everything()
    let speech = GeneratedAudio.sine(200, seconds: 0.2, amplitude: 0.3)
    var distortion = Distortion()
    distortion.gain = -20
    #expect(largestDifference(try augmentation.apply(distortion, to: speech), speech.map { $0 / 10 }) < 1e-6)
    distortion.gain = 20
    let loud = try augmentation.apply(distortion, to: speech)
    #expect(largestDifference(loud, speech.map { min(max(10 * $0, -1), 1) }) < 1e-5)
  }

  @Test(arguments: Codec.allCases)
  func `A codec changes speech, but neither its length nor its time`(codec: Codec) throws {
    guard codec.isAvailable else { return }
    let count = 16_000 + 37
    let time = { (index: Int) in Double(index) / 16_000 }
    // Syllables of a gliding buzz, which fit into the telephone's band.
    let speech = (0..<count).map { index in
      let phase = 2 * Double.pi * (400 * time(index) + 150 * sin(5 * time(index)))
      return Float(0.2 * max(0, sin(20 * time(index))) * (sin(phase) + sin(2 * phase) + sin(3 * phase)))
    }
    let coded = try codec.transmit(speech, sampleRate: 16_000)
    #expect(coded.count == count)
    #expect(coded == (try codec.transmit(speech, sampleRate: 16_000)))
    let agreement = (-400...400).map { lag in
      (1000..<15_000).reduce(0.0) { $0 + Double(speech[$1]) * Double(coded[$1 + lag]) }
    }
    let lag = agreement.indices.max { agreement[$0] < agreement[$1] }! - 400
    #expect(abs(lag) <= 1, "\(codec.rawValue) is late by \(lag) samples")
    let powers = power(speech[1000..<15_000]) * power(coded[1000..<15_000])
    let correlation = agreement[400] / (14_000 * powers.squareRoot())
    #expect(correlation > 0.9 && correlation < 0.99999, "\(codec.rawValue): \(correlation)")
  }

  /// Loud recordings in floats, and what resampling of recordings at full scale overshoots.
  @Test(arguments: Codec.allCases)
  func `What is beyond full scale is coded as full scale, and never turned round`(codec: Codec) throws {
    guard codec.isAvailable else { return }
    let tone = (0..<16_000).map { sin(0.1 * Float($0)) }
    let loud = tone.map { 99 * $0 }
    let rate = [.muLaw, .gsm].contains(codec) ? 8000 : 16_000
    #expect(
      try codec.transmit(loud, sampleRate: rate) == codec.transmit(loud.map { min(max($0, -1), 1) }, sampleRate: rate))
    let square = tone.map { $0 > 0 ? Float(1) : -1 }
    for samples in [square, loud] {
      let coded = try codec.transmit(samples, sampleRate: 16_000)
      let product = zip(samples, coded).reduce(0) { $0 + Double($1.0) * Double($1.1) } / Double(samples.count)
      #expect(product > 0.9 * (power(samples) * power(coded)).squareRoot(), "\(codec.rawValue): \(product)")
    }
  }

  @Test func `The telephone's codecs pass nothing above 4 kHz`() throws {
    let hiss = GeneratedAudio.sine(5500, seconds: 0.5)
    for codec in [Codec.muLaw, .gsm] {
      #expect(power(try codec.transmit(hiss, sampleRate: 16_000)) < 1e-3 * power(hiss))
    }
  }

  @Test(arguments: [0.9, 1.1]) func `Speed raises the pitch and shortens the time alike`(speed: Double) throws {
    let path = try audio.write([GeneratedAudio.sine(300, seconds: 2)], as: .floatWav)
    let played = try Waveform.read(path: path, speed: speed)
    #expect(played.count == Int((32_000 / speed).rounded()))
    let expected = GeneratedAudio.sine(300 * speed, seconds: 2 / speed)
    #expect(largestDifference(played[500..<28_000], expected[500..<28_000]) < 1e-3)
    let stretch = try Waveform.read(path: path, start: 0.5, seconds: 1, speed: speed)
    #expect(largestDifference(stretch, played[8000..<24_000]) < 1e-4)
  }

  @Test func `A corpus at several speeds has as many times the speakers and utterances`() throws {
    let corpus = Corpus.synthetic([2, 1]).atSpeeds([0.9, 1, 1.1])
    #expect(corpus.speakers == ["s0000", "s0000@0.9", "s0000@1.1", "s0001", "s0001@0.9", "s0001@1.1"])
    #expect(corpus.utterances.count == 9)
    let slow = corpus.utterances[try #require(corpus.utterance(named: "s0000/u0001@0.9"))]
    #expect(slow.speed == 0.9 && corpus.speakers[slow.speaker] == "s0000@0.9" && slow.seconds == 1)
  }

  @Test func `Masks are as many, as wide and as frequent as set`() {
    let masking = SpectralMasking(
      probability: 0.5, timeMasks: 2, timeWidth: 10, frequencyMasks: 1, frequencyWidth: 8)
    var (times, bins) = (Set<Int>(), Set<Int>())
    var masked = 0
    for item in 0..<2000 {
      var stream = stream(item)
      let masks = masking.draw(bins: 80, frames: 198, &stream)
      guard !masks.isEmpty else { continue }
      masked += 1
      #expect(masks.count == 3)
      for mask in masks[..<2] {
        #expect(mask.bins == 0..<80 && mask.frames.upperBound <= 198)
        times.insert(mask.frames.count)
      }
      #expect(masks[2].frames == 0..<198 && masks[2].bins.upperBound <= 80)
      bins.insert(masks[2].bins.count)
    }
    #expect(abs(masked - 1000) < 100)
    #expect(times == Set(0...10) && bins == Set(0...8))
  }

  @Test func `Reverberation agrees with SciPy's convolution`() throws {
    let golden = try Golden("convolution")
    let room = try RoomResponse(golden.values("response"), path: "golden")
    #expect(relativeDistance(room.reverberate(try golden.values("speech")), try golden.values("reverberated")) < 1e-6)
  }
}
