import DistTrain
import Foundation
import TestTools
import Testing

/// Other recordings stand in for noises, music, voices and rooms that cannot be read.
@Suite struct SubstitutionTests {
  private let audio: GeneratedAudio
  private let speech = GeneratedAudio.lively(seconds: 0.5).map { $0 * 0.1 }

  init() throws { audio = try GeneratedAudio() }

  /// A part of what svdist says of each broken recording, by its name.
  private static let broken = [
    "a-gone.wav": "no such file", "b-nan.wav": "is nan", "c-text.wav": "is not audio", "e-short.wav": "is truncated",
    "f-empty.flac": "is empty",
  ]

  /// A folder of broken recordings and of good ones.
  private func write(_ folder: String, good: [String] = ["d-good.wav", "g-good.wav", "h-good.wav"]) throws {
    for (number, name) in good.enumerated() {
      try audio.write([GeneratedAudio.noise(16_000, item: number)], as: .floatWav, name: "\(folder)/\(name)")
    }
    let nan = [Float](repeating: .nan, count: 16_000)
    try audio.write([nan], as: .floatWav, name: "\(folder)/b-nan.wav")
    let whole = try Data(
      contentsOf: URL(fileURLWithPath: audio.write([GeneratedAudio.noise(16_000)], name: "whole.wav")))
    for (name, bytes) in [
      ("c-text.wav", Data("no audio".utf8)), ("e-short.wav", whole.prefix(9000)), ("f-empty.flac", Data()),
    ] {
      try bytes.write(to: URL(fileURLWithPath: audio.path("\(folder)/\(name)")))
    }
    try FileManager.default.createSymbolicLink(
      atPath: audio.path("\(folder)/a-gone.wav"), withDestinationPath: audio.path("nowhere.wav"))
  }

  private func name(_ path: String) -> String { URL(fileURLWithPath: path).lastPathComponent }

  private func hear(
    _ augmentation: Augmentation, _ interference: Augmentation.Interference, item: Int = 0
  ) throws -> (samples: [Float], interference: Augmentation.Interference, unreadable: [UnreadableRecording]) {
    var distortion = Distortion()
    distortion.interference = interference
    var substitution = Substitution(augmentation.lists, RandomStream(seed: 1, purpose: .substitution, item: item))
    let heard = try augmentation.apply(distortion, to: speech, &substitution)
    return (heard.samples, heard.distortion.interference, substitution.unreadable)
  }

  @Test func `a noise that cannot be read gives way to one that can, whatever is wrong with it`() throws {
    try write("noise")
    let augmentation = try Augmentation(noise: audio.path("noise"), probability: 1)
    #expect(augmentation.noises.count == 8)
    var substitutes = Set<Int>()
    for (drawn, path) in augmentation.noises.enumerated() {
      for item in 0..<20 {
        let interference = Augmentation.Interference.noise(file: drawn, snr: 6, offset: 0.3)
        let heard = try hear(augmentation, interference, item: item)
        guard case .noise(let file, 6, 0.3) = heard.interference else {
          Issue.record("\(heard.interference)")
          continue
        }
        #expect(name(augmentation.noises[file]).hasSuffix("good.wav"))
        #expect(heard.samples == (try augmentation.apply(heard.interference, to: speech)))
        #expect((file == drawn) == (Self.broken[name(path)] == nil))
        #expect(heard.unreadable.isEmpty == (file == drawn))
        if file != drawn { substitutes.insert(file) }
        // None is tried twice, and the one that was drawn is tried first.
        #expect(Set(heard.unreadable.map(\.place)).count == heard.unreadable.count)
        #expect(heard.unreadable.first.map(\.place.index) == (file == drawn ? nil : drawn))
        for one in heard.unreadable {
          let reason = Self.broken[name(augmentation.lists[one.place])]
          #expect(one.place.kind == .noise && reason.map { one.reason.contains($0) } == true, "\(one)")
        }
        let again = try hear(augmentation, interference, item: item)
        #expect(again.samples == heard.samples && again.interference == heard.interference)
      }
    }
    #expect(substitutes.count == 3)
  }

  @Test func `a noise that adds no sound gives way, but not one that pauses`() throws {
    let noise = GeneratedAudio.noise(16_000)
    try audio.write([noise, noise.map { -$0 }], as: .floatWav, name: "noise/a-opposite.wav")
    try audio.write([noise.map { _ in 0 }], name: "noise/b-zeros.wav")
    try audio.write([noise.map { _ in 0.3 }], name: "noise/c-level.wav")
    try audio.write([noise.map { _ in 0 } + noise], name: "noise/d-pause.wav")
    let augmentation = try Augmentation(noise: audio.path("noise"), probability: 1)
    for (drawn, reason) in ["cancel each other", "is silent", "is silent"].enumerated() {
      let heard = try hear(augmentation, .noise(file: drawn, snr: 6, offset: 0))
      #expect(heard.interference == .noise(file: 3, snr: 6, offset: 0))
      #expect(heard.unreadable.first?.reason.contains(reason) == true, "\(heard.unreadable)")
    }
    let pause = try hear(augmentation, .noise(file: 3, snr: 6, offset: 0))
    #expect(pause.unreadable.isEmpty && pause.samples == speech)
  }

  @Test func `a recording that was found unreadable is tried again when it is drawn again`() throws {
    try write("noise")
    let augmentation = try Augmentation(noise: audio.path("noise"))
    let drawn = Augmentation.Interference.noise(file: 2, snr: 6, offset: 0)
    #expect(try hear(augmentation, drawn).interference != drawn)
    try audio.write([GeneratedAudio.noise(9000)], name: "noise/c-text.wav")
    let heard = try hear(augmentation, drawn)
    #expect(heard.interference == drawn && heard.unreadable.isEmpty)
  }

  @Test func `voices, music and rooms give way alike, each to one of its own list`() throws {
    for kind in ["music", "speech", "rooms"] { try write(kind) }
    try audio.write([[Float](repeating: 0, count: 500)], name: "rooms/i-silent.wav")
    let augmentation = try Augmentation(
      music: audio.path("music"), speech: audio.path("speech"), rooms: audio.path("rooms"))
    let music = try hear(augmentation, .music(file: 1, snr: 3, offset: 0))
    guard case .music(let song, 3, 0) = music.interference else { throw Failure(.failed, "\(music.interference)") }
    #expect(name(augmentation.music[song]).hasSuffix("good.wav") && music.unreadable[0].place.kind == .music)

    let paths = augmentation.lists[.speech]
    let drawn = [0, 3, 4].map { BabbleVoice(path: paths[$0], offset: 0.1, file: $0) }
    let babble = try hear(augmentation, .babble(voices: drawn, snr: 13))
    guard case .babble(let voices, 13) = babble.interference else { throw Failure(.failed, "\(babble.interference)") }
    #expect(voices.count == 3 && voices[1] == drawn[1])
    for voice in voices {
      let file = try #require(voice.file)
      #expect(voice.path == paths[file] && name(voice.path).hasSuffix("good.wav") && voice.offset == 0.1)
    }
    #expect(babble.samples == (try augmentation.apply(babble.interference, to: speech)))

    let silent = try #require(augmentation.rooms.firstIndex { $0.hasSuffix("silent.wav") })
    let room = try hear(augmentation, .room(file: silent))
    guard case .room(let file) = room.interference else { throw Failure(.failed, "\(room.interference)") }
    #expect(name(augmentation.rooms[file]).hasSuffix("good.wav"))
    #expect(room.unreadable[0].reason.contains("is silent"))
  }

  @Test(arguments: [16_000, 8000, 44_100])
  func `a recording that is too long for a room gives way, one of 30 s does not`(rate: Int) throws {
    let good = GeneratedAudio.noise(400)
    try audio.write([good], as: .floatWav, name: "rooms/a.wav")
    let longest = [1] + [Float](repeating: 0, count: 30 * rate - 1)
    try audio.write([longest], rate: rate, as: .floatWav, name: "rooms/b.wav")
    try audio.write([longest + [0.5]], rate: rate, as: .floatWav, name: "rooms/c.wav")
    try audio.write([longest + longest], rate: rate, as: .flac, name: "rooms/d.flac")
    let augmentation = try Augmentation(rooms: audio.path("rooms"))
    for drawn in 0..<4 {
      let heard = try hear(augmentation, .room(file: drawn))
      guard case .room(let file) = heard.interference else { throw Failure(.failed, "\(heard.interference)") }
      #expect(drawn < 2 ? file == drawn && heard.unreadable.isEmpty : file < 2)
      if drawn >= 2 {
        let told = try #require(heard.unreadable.first)
        #expect(told.place == RecordingPlace(kind: .rooms, index: drawn))
        #expect(told.reason.contains(drawn == 2 ? ": lasts 30.000 s, longer" : ": lasts 60.000 s, longer"))
      }
    }
  }

  @Test func `a list without a readable recording is told by its setting`() throws {
    try write("noise", good: [])
    try audio.write([[0, 0]], name: "rooms/dead.wav")
    let augmentation = try Augmentation(noise: audio.path("noise"), rooms: audio.path("rooms"))
    let noise = failure { _ = try hear(augmentation, .noise(file: 3, snr: 5, offset: 0)) }
    #expect(noise?.kind == .badData)
    #expect(
      noise?.message.hasPrefix("augmentation.noise: none of its 5 recordings can be read; the last one: /") == true)
    let room = failure { _ = try hear(augmentation, .room(file: 0)) }
    #expect(
      room?.message.hasPrefix("augmentation.rooms: its only recording cannot be read: /") == true
        && room?.message.contains("dead.wav: is silent") == true)
  }

  @Test func `a room that goes after it was read is not heard any more`() throws {
    for (number, name) in ["a.wav", "b.wav"].enumerated() {
      try audio.write([GeneratedAudio.noise(400, item: number)], as: .floatWav, name: "rooms/\(name)")
    }
    let augmentation = try Augmentation(rooms: audio.path("rooms"))
    #expect(try hear(augmentation, .room(file: 0)).interference == .room(file: 0))
    try FileManager.default.removeItem(atPath: audio.path("rooms/a.wav"))
    #expect(try hear(augmentation, .room(file: 0)).interference == .room(file: 1))
  }
}
