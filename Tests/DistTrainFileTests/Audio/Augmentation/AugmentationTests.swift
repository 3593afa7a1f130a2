import DistTrain
import Foundation
import TestTools
import Testing

@Suite struct AugmentationTests {
  let audio: GeneratedAudio

  init() throws { audio = try GeneratedAudio() }

  private func power(_ samples: some Collection<Float>) -> Double {
    samples.reduce(0) { $0 + Double($1) * Double($1) } / Double(samples.count)
  }

  private func stream(_ item: Int) -> RandomStream { RandomStream(seed: 1, purpose: .augmentation, item: item) }

  /// A folder of noises and one of rooms, some deeper, at several rates.
  private func augmentation(probability: Double = 1, snr: ClosedRange<Double> = 0...15) throws -> Augmentation {
    try audio.write([GeneratedAudio.noise(64_000, item: 1)], name: "noise/street/a.wav")
    try audio.write([GeneratedAudio.noise(44_100, item: 2)], rate: 44_100, as: .flac, name: "noise/b.flac")
    try audio.write([GeneratedAudio.noise(3000, item: 3)], rate: 8000, as: .vorbis, name: "noise/deep/er/c.ogg")
    try Data("not audio".utf8).write(to: audio.folder.appendingPathComponent("noise/CREDITS.tsv"))
    var room = [Float](repeating: 0, count: 4000)
    room[300] = 0.8
    for index in 301..<4000 { room[index] = 0.2 * exp(-Float(index) / 800) * (index % 2 == 0 ? 1 : -1) }
    try audio.write([room], as: .floatWav, name: "rooms/hall.wav")
    var ratios = Augmentation.Ratios()
    ratios.noise = snr
    return try Augmentation(
      noise: audio.path("noise"), rooms: audio.path("rooms"), probability: probability, snr: ratios)
  }

  @Test func `Recordings of any depth are found, in the order of their paths`() throws {
    let augmentation = try augmentation()
    let root = URL(fileURLWithPath: audio.path("noise")).resolvingSymlinksInPath().path
    #expect(augmentation.noises == ["b.flac", "deep/er/c.ogg", "street/a.wav"].map { "\(root)/\($0)" })
    #expect(augmentation.rooms.count == 1)
  }

  @Test func `The ratio of speech to noise is the one drawn`() throws {
    let augmentation = try augmentation()
    let speech = GeneratedAudio.lively(seconds: 2).map { $0 * 0.1 }
    for file in 0..<3 {
      for snr in [0.0, 7.5, 15] {
        let noisy = try augmentation.apply(.noise(file: file, snr: snr, offset: 0.37), to: speech)
        #expect(noisy.count == speech.count)
        let noise = zip(noisy, speech).map { $0 - $1 }
        #expect(abs(10 * log10(power(speech) / power(noise)) - snr) < 0.01)
      }
    }
  }

  @Test func `What is too faint to be scaled counts as silent`() throws {
    let augmentation = try augmentation()
    let speech = GeneratedAudio.lively(seconds: 0.1)
    let faint = [Float](repeating: .leastNonzeroMagnitude, count: speech.count)
    #expect(Augmentation.mix(speech, faint, snr: 0) == speech)
    #expect(throws: Failure.self) { try RoomResponse(faint, path: "hall.wav") }
    try audio.write([faint], as: .floatWav, name: "noise/a.wav")
    let mixed = try #require(try? self.augmentation())
    // Another noise takes its place.
    #expect(try mixed.apply(.noise(file: 0, snr: -1, offset: 0), to: speech) != speech)
    #expect(augmentation.noises.count == 3)
  }

  @Test func `A noise is a stretch from the place drawn, or repeated where it is short`() throws {
    let augmentation = try augmentation()
    let speech = GeneratedAudio.lively(seconds: 1).map { $0 * 0.1 }
    let noise = { (file: Int, offset: Double) -> [Float] in
      let noisy = try augmentation.apply(.noise(file: file, snr: 0, offset: offset), to: speech)
      return zip(noisy, speech).map { $0 - $1 }
    }
    let source = try Waveform.read(path: augmentation.noises[2], start: 1.5, seconds: 1)
    let stretch = try noise(2, 24_000.5 / 48_001)
    let scale = Float((power(stretch) / power(source)).squareRoot())
    #expect(largestDifference(stretch, source.map { $0 * scale }) < 1e-5)
    let short = try noise(1, 0.5)
    #expect(largestDifference(short[0..<10_000], short[6000..<16_000]) < 1e-5)
    #expect(largestDifference(short[0..<3000], short[3000..<6000]) > 1e-3)
  }

  @Test func `Draws are as frequent as asked and cover the range`() throws {
    let augmentation = try augmentation(probability: 0.6, snr: 5...10)
    var counts = (none: 0, noise: 0, room: 0)
    var files = Set<Int>()
    var ratios: [Double] = []
    for item in 0..<4000 {
      var stream = stream(item)
      switch augmentation.draw(&stream) {
      case .none: counts.none += 1
      case .noise(let file, let snr, let offset):
        counts.noise += 1
        files.insert(file)
        ratios.append(snr)
        #expect((0..<1).contains(offset))
      case .room: counts.room += 1
      case .music, .babble: Issue.record("neither has a folder")
      }
    }
    #expect(abs(counts.none - 1600) < 150)
    #expect(abs(counts.noise - 1200) < 150)
    #expect(abs(counts.room - 1200) < 150)
    #expect(files == [0, 1, 2])
    #expect(ratios.allSatisfy { (5...10).contains($0) })
    let mean = ratios.reduce(0, +) / Double(ratios.count)
    #expect(abs(mean - 7.5) < 0.2)
  }

  @Test func `The same stream gives the same samples, another one others`() throws {
    let speech = GeneratedAudio.lively(seconds: 1)
    let first = try augmentation()
    let second = try Augmentation(noise: audio.path("noise"), rooms: audio.path("rooms"), probability: 1)
    var seen = Set<[Float]>()
    for item in 0..<12 {
      var (a, b) = (stream(item), stream(item))
      let once = try first.apply(first.draw(&a), to: speech)
      #expect(try once == second.apply(second.draw(&b), to: speech))
      #expect(a.next() == b.next())
      seen.insert(once)
    }
    #expect(seen.count > 6)
  }

  @Test func `Speech in a room is the direct sum with a response of unit energy, in time with the speech`() throws {
    let speech = GeneratedAudio.lively(seconds: 0.2)
    var response = GeneratedAudio.noise(500, amplitude: 0.05)
    response[120] = -1
    let room = try RoomResponse(response, path: "room.wav")
    #expect(room.peak == 120)
    #expect(abs(room.samples.reduce(0) { $0 + $1 * $1 } - 1) < 1e-5)
    let reverberated = room.reverberate(speech)
    let direct = speech.indices.map { index in
      response.indices.reduce(0.0) { sum, tap in
        let source = index + 120 - tap
        return speech.indices.contains(source) ? sum + Double(room.samples[tap]) * Double(speech[source]) : sum
      }
    }
    #expect(largestDifference(reverberated, direct.map { Float($0) }) < 1e-5)
  }

  @Test func `What would clip is scaled down as a whole`() throws {
    let augmentation = try augmentation()
    let speech = GeneratedAudio.sine(300, seconds: 1, amplitude: 0.98)
    let distorted = try augmentation.apply(.noise(file: 2, snr: 0, offset: 0.2), to: speech)
    let peak = distorted.reduce(0) { max($0, abs($1)) }
    #expect(abs(peak - 1) < 1e-5)
    let noise = try augmentation.apply(.noise(file: 2, snr: 0, offset: 0.2), to: speech.map { $0 / 10 })
    let scale = distorted[777] / noise[777]
    #expect(largestDifference(noise.map { $0 * scale }, distorted) < 1e-5)
  }

  @Test func `Silent speech stays as it is`() throws {
    let silence = [Float](repeating: 0, count: 8000)
    let augmentation = try augmentation()
    #expect(try augmentation.apply(.noise(file: 0, snr: 5, offset: 0), to: silence) == silence)
    #expect(try augmentation.apply(.none, to: silence) == silence)
  }

  @Test func `Without folders nothing happens`() throws {
    let augmentation = try Augmentation(noise: nil, rooms: nil, probability: 1)
    let speech = GeneratedAudio.noise(4000)
    var stream = stream(0)
    #expect(try augmentation.apply(augmentation.draw(&stream), to: speech) == speech)
  }

  @Test func `A folder without recordings is refused by the setting's name`() throws {
    try Data("text".utf8).write(to: audio.folder.appendingPathComponent("README.md"))
    let noise = #expect(throws: Failure.self) { try Augmentation(noise: audio.folder.path, rooms: nil) }
    #expect(noise?.kind == .usage)
    #expect(noise?.message.hasPrefix("augmentation.noise: no recording") == true)
    let rooms = #expect(throws: Failure.self) { try Augmentation(noise: nil, rooms: audio.path("nowhere")) }
    #expect(rooms?.message.hasPrefix("augmentation.rooms: \(audio.path("nowhere")) is not a folder") == true)
  }

  @Test func `A room of nothing but zeros is refused`() throws {
    let failure = #expect(throws: Failure.self) { try RoomResponse([0, 0, 0], path: "dead.wav") }
    #expect(failure?.message.hasPrefix("dead.wav: is silent") == true)
  }
}
