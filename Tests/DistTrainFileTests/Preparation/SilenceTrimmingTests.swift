import DistTrain
import Foundation
import TestTools
import Testing

/// svdist prepare --trim-silence.
@Suite struct SilenceTrimmingTests {
  private let folder: TestFolder

  init() throws { folder = try TestFolder() }

  /// A tone where `pattern` has a positive number of seconds, zeros where it has a negative one.
  private func write(_ name: String, _ pattern: [Double]) throws {
    let samples = pattern.flatMap { seconds -> [Float] in
      (0..<Int(16_000 * abs(seconds))).map { seconds > 0 ? 0.5 * sin(Float($0) / 20) : 0 }
    }
    try folder.writeWave(name, samples: samples)
  }

  @discardableResult
  private func prepare(
    _ source: String = "source", out: String = "out", longestPause: Double? = nil, joiningBelow: Double? = nil,
    lengths: ClosedRange<Double> = 0.5...(.infinity), shards: ShardWriter? = nil
  ) throws -> CorpusPreparation {
    let preparation = try CorpusPreparation(
      CorpusSource(folder.path(source)), lengths: lengths, minimumUtterances: 1,
      voice: VoiceActivity(longestPause: longestPause), joiningBelow: joiningBelow)
    try PreparedCorpus(preparation, heldOut: { _ in nil }, trials: nil, seed: 1)
      .write(folder.path(out), shards: shards, relativePaths: false, overwrite: false)
    return preparation
  }

  private func table(_ name: String) throws -> [[String]] {
    try folder.read(name).split(separator: "\n").dropFirst().map { $0.components(separatedBy: "\t") }
  }

  /// The stretch from the first sample that differs from zero to the last.
  private func sounding(_ samples: [Float]) -> Range<Int>? {
    guard let first = samples.firstIndex(where: { $0 != 0 }), let last = samples.lastIndex(where: { $0 != 0 }) else {
      return nil
    }
    return first..<last + 1
  }

  @Test func `names that differ in how an accent is written are two`() throws {
    for name in ["source/a/\u{E9}.wav", "source/a/e\u{301}.wav"] { try write(name, [-1, 1.5, -0.7]) }
    #expect(try prepare().trimming?.trimmed.count == 2)
  }

  @Test func `Silence is cut off, what was kept is listed, and what holds no voice is left out`() throws {
    try write("source/a/trimmed.wav", [-1, 1.5, -0.7])
    try write("source/a/whole.wav", [1.25])
    try write("source/a/paused.wav", [-0.5, 0.5, -2, 0.5])
    try write("source/b/short.wav", [-1, 0.2, -1])
    try write("source/b/silent.wav", [-1])
    try folder.writeWave("source/b/hum.wav", samples: (0..<16_000).map { 3e-4 * sin(Float($0) / 51) })
    try folder.writeWave("source/b/nan.wav", samples: (0..<16_000).map { $0 == 900 ? .nan : 0.25 })
    let preparation = try prepare()

    let trimming = try #require(preparation.trimming)
    #expect(trimming.count == 4 && trimming.given == 0 && abs(trimming.seconds - (3.2 + 1.25 + 3.5 + 2.2)) < 1e-9)
    #expect(trimming.trimmed.map(\.utterance) == ["a/paused.wav", "a/trimmed.wav", "b/short.wav"])
    #expect(abs(trimming.removedSeconds - (0.4 + 1.5 + 1.8)) < 0.2, "\(trimming.removedSeconds)")
    let rows = try table("out/trimmed.tsv")
    #expect(rows.map { $0[0] } == trimming.trimmed.map(\.utterance) && rows.map { $0[1] } == ["3.5", "3.2", "2.2"])

    let reasons = try table("out/left-out.tsv").map { ($0[0], $0[2]) }
    let expected = [
      ("b/hum.wav", "holds no voice: no frame's energy is above --trim-silence's threshold"),
      ("b/nan.wav", "sample 900"), ("b/short.wav", "is too short without its silence: 0."),
      ("b/silent.wav", "is silent"),
    ]
    #expect(reasons.count == expected.count)
    for (found, wanted) in zip(reasons, expected) {
      #expect(found.0 == wanted.0 && found.1.hasPrefix(wanted.1), "\(found)")
    }
    #expect(reasons[2].1.hasSuffix(" s of 2.2 s, --minimum-seconds is 0.5"), "\(reasons[2].1)")

    let corpus = try Corpus.open(folder.path("out"))
    #expect(corpus.utterances.map(\.id) == ["a/paused.wav", "a/trimmed.wav", "a/whole.wav"])
    for (utterance, tone) in zip(corpus.utterances, [(0.5, 3.5), (1, 2.5), (0, 1.25)]) {
      #expect(utterance.start <= tone.0 && utterance.start >= tone.0 - 0.15, "\(utterance)")
      let end = utterance.start + utterance.seconds
      #expect(end >= tone.1 && end <= tone.1 + 0.17, "\(utterance)")
      let samples = try Waveform.read(path: utterance.path, start: utterance.start, seconds: utterance.seconds)
      #expect(samples.count == Int((utterance.seconds * 16_000).rounded()))
    }
    #expect(corpus.utterances[2].start == 0 && corpus.utterances[2].seconds == 1.25)
  }

  @Test func `The times that a source gives win, and a trimmed corpus stays as it is`() throws {
    try write("source/r.wav", [-1, 1, -1])
    try folder.write("source/wav.scp", "r r.wav\n")
    try folder.write("source/utt2spk", "u a\nv a\n")
    try folder.write("source/segments", "u r 0.25 2.75\nv r 1.0 1.9\n")
    let preparation = try prepare()
    #expect(try folder.read("out/segments") == "u r 0.25 2.75\nv r 1.0 1.9\n")
    #expect(preparation.trimming?.given == 2 && preparation.trimming?.count == 0)
    #expect(try !folder.contents("out").contains("trimmed.tsv"))

    try FileManager.default.removeItem(atPath: folder.path("source/segments"))
    try folder.write("source/wav.scp", "u r.wav\nv r.wav\n")
    try prepare(out: "once")
    try prepare("once", out: "twice")
    let segments = try folder.read("once/segments")
    #expect(segments.hasPrefix("u u 0."))
    #expect(try folder.read("twice/segments") == segments)
  }

  @Test func `Long pauses are cut out of a copy, and short utterances are joined after that`() throws {
    try write("source/a/1.wav", [-0.4, 0.8, -2, 0.7, -0.3, 0.6])
    try write("source/a/2.wav", [-3, 0.8])
    try write("source/a/3.wav", [0.9])
    let preparation = try prepare(longestPause: 1, joiningBelow: 1.5)
    #expect(preparation.trimming?.trimmed.map(\.kept.count) == [2, 1])
    let corpus = try Corpus.open(folder.path("out"))
    #expect(corpus.utterances.map(\.id) == ["a/1.wav", "a/2.wav+1"])
    let joined = try table("out/joined.tsv").map { ($0[0], $0[2]) }
    #expect(joined.map(\.0) == ["a/1.wav", "a/1.wav", "a/2.wav+1", "a/2.wav+1"])
    #expect(joined[1].1.hasPrefix("a/1.wav-3.") && joined[2].1 == "a/2.wav" && joined[3].1 == "a/3.wav")
    for (utterance, seconds) in zip(corpus.utterances, [2.4 + 0.3, 1.7 + 0.1]) {
      #expect(abs(utterance.seconds - seconds) < 0.15, "\(utterance)")
      let samples = try Waveform.read(path: utterance.path)
      #expect(abs(Double(samples.count) / 16_000 - utterance.seconds) < 1e-3)
    }
    let pieces = try #require(preparation.trimming).trimmed[0].kept
    let whole = try Waveform.read(path: folder.path("source/a/1.wav"))
    let kept = pieces.flatMap { whole[Int($0.lowerBound * 16_000)..<Int($0.upperBound * 16_000)] }
    #expect(largestDifference(try Waveform.read(path: corpus.utterances[0].path), kept) <= 1 / 32768)
  }

  @Test func `Shards hold what was kept`() throws {
    try write("source/a/1.wav", [-1, 1, -1])
    try prepare(shards: ShardWriter(utterancesPerShard: 10, isDecoded: false, seed: 1))
    let utterance = try Corpus.open(folder.path("out")).utterances[0]
    let samples = try Waveform.read(path: utterance.path)
    let sound = try #require(sounding(samples))
    #expect(sound.count >= 15_990 && sound.lowerBound > 1000 && samples.count - sound.upperBound > 1000)
    #expect(abs(Double(samples.count) / 16_000 - utterance.seconds) < 1e-3 && utterance.seconds < 1.4)
  }

  @Test func `What is too long once silence is gone is left out`() throws {
    try write("source/a/1.wav", [-1, 1, -3])
    try write("source/a/2.wav", [-1, 3])
    let preparation = try prepare(lengths: 0.5...2)
    #expect(preparation.utterances.map(\.id) == ["a/1.wav"])
    #expect(preparation.leftOut.map(\.kind) == ["is too long without its silence"])
    #expect(preparation.leftOut[0].reason.hasSuffix("of 4.0 s, --maximum-seconds is 2.0"), "\(preparation.leftOut)")
  }
}
