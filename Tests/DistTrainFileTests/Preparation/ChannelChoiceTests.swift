import DistTrain
import Foundation
import TestTools
import Testing

/// Recordings of several channels, as svdist prepare takes them.
@Suite struct ChannelChoiceTests {
  private let folder: TestFolder
  private let audio: GeneratedAudio
  private let left = GeneratedAudio.lively(seconds: 1)
  private let right = GeneratedAudio.lively(seconds: 1, item: 1)

  init() throws {
    folder = try TestFolder()
    audio = try GeneratedAudio()
    try audio.write([left, right], as: .floatWav, name: "a/call.wav")
    try audio.write([right], as: .floatWav, name: "b/mono.wav")
  }

  private func prepare(
    _ channels: ChannelChoice, source: String? = nil, voice: VoiceActivity? = nil, shards: ShardWriter? = nil,
    joiningBelow limit: Double? = nil
  ) throws -> (preparation: CorpusPreparation, corpus: Corpus, clipping: Clipping) {
    let preparation = try CorpusPreparation(
      CorpusSource(source ?? audio.folder.path, allowsCommands: false), channels: channels, lengths: 0.1...(.infinity),
      minimumUtterances: 1, voice: voice, joiningBelow: limit)
    let clipping = try PreparedCorpus(preparation, heldOut: { _ in nil }, trials: nil, seed: 1)
      .write(folder.path("out"), shards: shards, relativePaths: false, overwrite: true)
    return (preparation, try Corpus.open(folder.path("out")), clipping)
  }

  private func difference(_ utterance: Utterance, _ samples: [Float]) throws -> Float {
    largestDifference(
      try Waveform.read(path: utterance.path, start: utterance.start, seconds: utterance.seconds), samples)
  }

  @Test func `the mean is taken where nothing else is asked, and counted`() throws {
    let (preparation, corpus, _) = try prepare(.mean)
    #expect(preparation.averaged == 1)
    #expect(corpus.utterances.map(\.id) == ["a/call.wav", "b/mono.wav"])
    #expect(try difference(corpus.utterances[0], zip(left, right).map { ($0 + $1) / 2 }) <= 1e-7)
    #expect(try !folder.contents("out").contains { $0.hasPrefix("svdist-audio") })
  }

  @Test(arguments: [0, 1], [false, true]) func `one channel is written, and a recording without it left out`(
    channel: Int, isSharded: Bool
  ) throws {
    let shards = isSharded ? ShardWriter(utterancesPerShard: 2, isDecoded: false, seed: 1) : nil
    let (preparation, corpus, _) = try prepare(.one(channel), shards: shards)
    #expect(preparation.averaged == 0)
    #expect(corpus.utterances.map(\.id) == (channel == 0 ? ["a/call.wav", "b/mono.wav"] : ["a/call.wav"]))
    #expect(corpus.utterances[0].path.hasPrefix(folder.path("out/svdist-\(isSharded ? "shards" : "audio")/")))
    #expect(try difference(corpus.utterances[0], channel == 0 ? left : right) <= 0.5 / 32_768)
    #expect(try AudioFile(path: corpus.utterances[0].path).channels == 1)
    if channel == 0 {
      #expect(try difference(corpus.utterances[1], right) == 0)
    } else {
      #expect(preparation.leftOut.map(\.utterance) == ["b/mono.wav"])
      #expect(preparation.leftOut[0].reason.contains("there is no channel 1"))
    }
  }

  @Test func `each channel is an utterance of a speaker of its own, and a silent one alone is left out`() throws {
    try audio.write([left, left.map { _ in 0 }], name: "a/half.wav")
    let (preparation, corpus, _) = try prepare(.each)
    #expect(corpus.utterances.map(\.id) == ["a/call.wav-ch0", "a/call.wav-ch1", "a/half.wav-ch0", "b/mono.wav"])
    #expect(corpus.speakers == ["a-ch0", "a-ch1", "b"])
    #expect(try difference(corpus.utterances[0], left) <= 0.5 / 32_768)
    #expect(try difference(corpus.utterances[1], right) <= 0.5 / 32_768)
    #expect(preparation.leftOut.map(\.utterance) == ["a/half.wav-ch1"])
    #expect(preparation.leftOut[0].reason.contains("is silent"))
  }

  @Test func `channels that cancel each other are left out, unless one is taken`() throws {
    try audio.write([left, left.map { -$0 }], as: .floatWav, name: "a/call.wav")
    let (preparation, corpus, _) = try prepare(.mean)
    #expect(corpus.utterances.map(\.id) == ["b/mono.wav"])
    #expect(preparation.leftOutByKind.map(\.kind) == ["its N channels cancel each other"])
    #expect(preparation.leftOut[0].reason.hasSuffix("take one of them (--channel 0)"))
    #expect(try prepare(.one(0)).corpus.utterances.count == 2)
  }

  @Test func `silence is looked for on the channel, and pieces are cut from it`() throws {
    let silence = [Float](repeating: 0, count: 16_000)
    try audio.write([left + silence + left, silence + right + silence], as: .floatWav, name: "a/call.wav")
    let voice = VoiceActivity(longestPause: 0.3)
    let (preparation, corpus, _) = try prepare(.each, voice: voice)
    let call = corpus.utterances.filter { $0.id.hasPrefix("a/call.wav") }
    #expect(call.map(\.id) == ["a/call.wav-ch0", "a/call.wav-ch1"])
    #expect(call.allSatisfy { $0.path.contains("/svdist-audio/") && $0.start == 0 })
    let kept = try #require(preparation.trimming?.trimmed.map { $0.kept })
    #expect(kept.count == 2 && kept[0].count == 2 && kept[1].count == 1)
    let second = kept[1][0]
    let expected = try Waveform.read(
      path: audio.path("a/call.wav"), start: second.lowerBound, seconds: second.upperBound - second.lowerBound,
      channel: 1)
    #expect(try difference(call[1], expected) <= 0.5 / 32_768)
  }

  @Test func `joined utterances are heard on their channel`() throws {
    try audio.write([left, right], as: .floatWav, name: "a/other.wav")
    let (_, corpus, _) = try prepare(.one(1), joiningBelow: 1.5)
    #expect(corpus.utterances.map(\.id) == ["a/call.wav+1"])
    #expect(try difference(corpus.utterances[0], right + right) <= 0.5 / 32_768)
  }

  @Test func `names that are needed for channels must be free`() throws {
    try audio.write([left], name: "a/call.wav-ch1.wav")
    try audio.write([left], name: "a-ch0/x.wav")
    let told = failure { _ = try prepare(.each) }
    #expect(told?.message.contains("the speaker 'a-ch0' is needed for a channel: rename it") == true)
  }

  @Test func `names that differ in their bytes are free`() throws {
    try audio.write([left, right], as: .floatWav, name: "\u{E9}/x.wav")
    try audio.write([left], as: .floatWav, name: "e\u{301}-ch0/x.wav")
    #expect(try prepare(.each).corpus.speakers.count == 6)
  }

  @Test func `utterances of channels are in the order of their ids, and joined in it`() throws {
    try audio.write([left, right], as: .floatWav, name: "c/u.wav")
    try audio.write([left, right], as: .floatWav, name: "c/u.wav-b.wav")
    let ids = try prepare(.each).preparation.utterances.map(\.id)
    #expect(ids == ids.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
    #expect(ids.suffix(4).first == "c/u.wav-b.wav-ch0")
    #expect(try prepare(.each, joiningBelow: 1.5).corpus.utterances.map(\.id).last == "c/u.wav-b.wav-ch1+1")
  }

  @Test func `what is clipped in copies is counted, and full scale itself is not`() throws {
    #expect(try prepare(.each).clipping == Clipping())
    var loud = right
    loud[7] = 1.5
    try audio.write([left, loud, left], as: .floatWav, name: "a/call.wav")
    try audio.write([left.indices.map { $0 % 2 == 0 ? 1 : -1 }, left], as: .floatWav, name: "a/full.wav")
    let clipping = try prepare(.each).clipping
    #expect(clipping.samples == 1 && clipping.copies == 1 && clipping.first == "a/call.wav-ch1")
    #expect(clipping.remark?.hasSuffix("copies: 1 in 1 recording (the first: a/call.wav-ch1)") == true)
  }

  @Test(arguments: [("mean", ChannelChoice.mean), ("each", .each), ("0", .one(0)), ("1023", .one(1023))])
  func `options spell a choice`(text: String, choice: ChannelChoice) {
    #expect(ChannelChoice(text) == choice)
  }

  @Test(arguments: ["", "-1", "1024", "left", "0.5"]) func `other words are no choice`(text: String) {
    #expect(ChannelChoice(text) == nil)
  }
}
