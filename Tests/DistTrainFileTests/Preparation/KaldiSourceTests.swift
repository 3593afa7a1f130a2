import DistTrain
import Foundation
import TestTools
import Testing

/// Kaldi data directories that others made, as svdist prepare and training read them.
@Suite struct KaldiSourceTests {
  private let folder: TestFolder

  init() throws {
    folder = try TestFolder()
    try folder.writeTone("r.wav", seconds: 3)
  }

  private func write(_ lists: [String: String]) throws {
    for (name, text) in lists { try folder.write(name, text) }
  }

  private func prepare(trials: Int? = nil, heldOut: Set<Name>? = nil, minimum: Double = 0) throws -> PreparedCorpus {
    let preparation = try CorpusPreparation(
      CorpusSource(folder.path), lengths: minimum...(.infinity), minimumUtterances: 1)
    let prepared = try PreparedCorpus(preparation, heldOut: { _ in heldOut }, trials: trials, seed: 1)
    try prepared.write(folder.path("out"), relativePaths: false, overwrite: true)
    return prepared
  }

  @Test func `a segment may end with its file and name a channel`() throws {
    try write([
      "wav.scp": "r r.wav\n", "utt2spk": "a s\nb s\nc s\nd s\n",
      "segments": "a r 1 -1\nb r 0.5 -1.0\nc r 0 1 1\nd r 1 2 0\n",
    ])
    let source = try CorpusSource(folder.path)
    #expect(source.utterances.map(\.seconds) == [nil, nil, 1, 1])
    #expect(source.utterances.map(\.channel) == [nil, nil, 1, 0])
    let preparation = try CorpusPreparation(source, lengths: 0...(.infinity), minimumUtterances: 1)
    #expect(preparation.utterances.prefix(2).map(\.seconds) == [2, 2.5])
    let corpus = try Corpus.open(folder.path)
    #expect(corpus.utterances.map(\.seconds) == [2, 2.5, 1, 1])
    #expect(corpus.utterances.map(\.channel) == [nil, nil, 1, 0])
    #expect(corpus.lasting(0.5...2).utterances.map(\.channel) == [nil, 1, 0])
    #expect(corpus.atSpeeds([1, 1.1]).utterances.map(\.channel) == [nil, nil, nil, nil, 1, 1, 0, 0])
    for other in ["c r 0 1 0", "c r 0 1"] {
      try write(["segments": "a r 1 -1\nb r 0.5 -1.0\n\(other)\nd r 1 2 0\n"])
      #expect(try Corpus.open(folder.path).contents != corpus.contents)
    }
    try write(["segments": "a r 1 2\nb r 0.5 1\nc r 0 1\nd r 1 2 0\n"])
    let refusal = failure { try CorpusIndex.write(folder.path) }
    #expect(refusal?.message.contains("corpus.index cannot hold") == true)
  }

  @Test func `a recording keeps its bytes where a channel of it has its name`() throws {
    let audio = try GeneratedAudio()
    let sides = [GeneratedAudio.lively(seconds: 6), GeneratedAudio.lively(seconds: 6, item: 1)]
    let call = try audio.write(sides, as: .floatWav, name: "call.wav")
    try write([
      "wav.scp": "call1 \(call)\ncall1-recording \(folder.path("r.wav"))\n",
      "utt2spk": "call1 a\ncall1-x b\nz b\n",
      "segments": "call1 call1 0 5 0\ncall1-x call1 2 4\nz call1-recording 0 1\n",
    ])
    _ = try prepare()
    let corpus = try Corpus.open(folder.path("out"))
    #expect(corpus.utterances.map(\.id) == ["call1", "call1-x", "z"])
    let heard = try corpus.utterances.map { try Waveform.read(path: $0.path, start: $0.start, seconds: $0.seconds) }
    #expect(largestDifference(heard[0], sides[0][..<80_000]) <= 0.5 / 32_768)
    let mean = zip(sides[0], sides[1]).map { ($0 + $1) / 2 }
    #expect(largestDifference(heard[1], mean[32_000..<64_000]) <= 1e-7)
    #expect(corpus.utterances[2].path == folder.path("r.wav"))
    #expect(try folder.read("out/segments").contains("call1-x call1-recording2 2.0 4.0\n"))
  }

  @Test func `one key of two files is refused`() throws {
    func part(_ id: String, _ path: String) -> ListedUtterance {
      ListedUtterance(id: id, speaker: "s", path: path, recording: "r", seconds: 1)
    }
    let writer = DataDirectoryWriter()
    try writer.write([part("a", "/x"), part("b", "/x")], into: folder.path("same"))
    #expect(try folder.read("same/wav.scp") == "r /x\n")
    let failure = #expect(throws: Failure.self) {
      try writer.write([part("a", "/x"), part("b", "/y")], into: folder.path("two"))
    }
    #expect(failure?.message == "/y: its key in wav.scp would be that of /x: 'r': rename one of the two")
    #expect(failure?.kind == .badData && !FileManager.default.fileExists(atPath: folder.path("two/wav.scp")))
  }

  @Test func `bad lines among good ones are left out and listed`() throws {
    try write([
      "wav.scp": "r r.wav\nq\n", "utt2spk": "a s\nb s\nc s\nd s\ne s t\nf s\ng s\na t\nh s\n",
      "segments": "a r 0 1\nb r 2 1\nc gone 0 1\nd r x 1\ne r 0 1\nf r 0 1 2 3\ng r 0 -2\nh r 0 1 x\ni r 0 1\n",
    ])
    let source = try CorpusSource(folder.path)
    #expect(source.utterances.map(\.id) == ["a"] && source.utterances[0].speaker == "s")
    let said = source.leftOut.map { "\($0.path.dropFirst(folder.path.count + 1)) \($0.utterance): \($0.reason)" }
    for part in [
      "wav.scp:2 q: 1 field, a key and a path expected", "utt2spk:5 e: 3 fields, 2 expected",
      "utt2spk:8 a: is listed twice: 'a' is in line 1 already",
      "segments:2 b: the end is not after the start: from 2 s to 1 s",
      "segments:3 c: the recording is not in wav.scp: 'gone'", "segments:4 d: is no start in seconds: 'x'",
      "segments:6 f: 6 fields, 4 or 5 expected", "segments:7 g: is no end in seconds: '-2'",
      "segments:8 h: is no channel, counted from 0: 'x'",
      "segments:9 i: the utterance has no speaker in utt2spk: add 'i' there",
    ] { #expect(said.contains { $0.hasPrefix(part) }, "\(part) in \(said)") }
    #expect(said.count == 10 && said.count { $0.contains(" e: ") } == 1)
    #expect(source.notes.isEmpty)
    try write(["segments": "a r 2 1\n", "utt2spk": "a s\n"])
    let failure = #expect(throws: Failure.self) { try CorpusSource(folder.path) }
    #expect(
      failure?.message == "\(folder.path)/wav.scp:2: 1 field, a key and a path expected", "\(failure?.message ?? "")")
  }

  @Test func `recordings that no segment names are counted`() throws {
    try write([
      "wav.scp": "p gone.wav\nq x.wav\nr r.wav\n", "utt2spk": "a s\nb s\n", "segments": "a r 0 1\nb q 1 x\n",
    ])
    #expect(
      try CorpusSource(folder.path).notes == ["recordings of wav.scp that no line of segments names: 1, the first: p"])
    try write(["segments": "a r 0 1\nb r 1 2\n"])
    let note = try #require(try CorpusSource(folder.path).notes.first)
    #expect(note.hasSuffix("names: 2, the first: p"), "\(note)")
  }

  @Test func `wrong lines of the lists beside are left out and listed, each by itself`() throws {
    try write([
      "wav.scp": "r r.wav\n", "utt2spk": "a s\nb s\nc t\n", "segments": "a r 0 1\nb r 1 2\nc r 2 3\n",
      "spk2gender": "s f\nt\nu m f\ns m\n", "trials": "a b target\na b\na c maybe\na c nontarget\n",
      "enroll.map": "e a\nf\n",
    ])
    let source = try CorpusSource(folder.path)
    #expect(source.notes.isEmpty && source.companions?.leftOut == source.leftOut)
    let found = source.leftOut.map { [($0.path as NSString).lastPathComponent, $0.kind] }
    #expect(
      found == [
        ["trials:2", "is no trial"], ["trials:3", "is no trial"], ["enroll.map:2", "is no enrolment"],
        ["spk2gender:2", "is no gender"], ["spk2gender:3", "is no gender"], ["spk2gender:4", "is no gender"],
      ])
    #expect(source.leftOut[1].reason.hasSuffix("not 'a c maybe'") && source.leftOut[3].reason.contains(": 1 field"))
    #expect(source.leftOut.allSatisfy { $0.utterance == "-" })
    _ = try prepare()
    #expect(try folder.read("out/trials") == "a b target\na c nontarget\n")
    #expect(try folder.read("out/spk2gender") == "s f\n" && folder.read("out/enroll.map") == "e a\n")
    #expect(try folder.read("out/left-out.tsv").contains("/trials:3\tis no trial: expected "))
  }

  @Test func `what cannot be measured keeps its place and is told in one line`() throws {
    let ids = (0..<9).map { "u\($0)" }
    try write([
      "wav.scp": ids.map { "\($0) \($0 < "u4" ? "r.wav" : "gone-\($0).wav")\n" }.joined(),
      "utt2spk": ids.map { "\($0) s\n" }.joined(),
    ])
    let corpus = try Corpus.open(folder.path)
    #expect(corpus.utterances.map(\.id) == ids && corpus.utterances.map(\.seconds) == [3, 3, 3, 3, 0, 0, 0, 0, 0])
    #expect(corpus.knownUnreadable == [4, 5, 6, 7, 8])
    let lines = corpus.losses(in: "data")
    #expect(
      lines.count == 1 && lines[0].hasPrefix("data: 5 utterances left out, whose recordings cannot be read: u4 ("))
    #expect(lines[0].contains("gone-u6.wav: no such file") && !lines[0].contains("gone-u7"), "\(lines[0])")
    try write(["wav.scp": ids.map { "\($0) gone.wav\n" }.joined()])
    let failure = #expect(throws: Failure.self) { try Corpus.open(folder.path) }
    #expect(failure?.message.contains("no recording can be read; the first: \(folder.path)/gone.wav") == true)
  }

  @Test func `the source's trials and genders are kept for the utterances that are`() throws {
    try write([
      "wav.scp": "r r.wav\n", "utt2spk": "a s\nb s\nc t\nd t\n", "segments": "a r 0 1\nb r 1 2\nc r 2 3\nd r 0 9\n",
      "trials": "a b target\na c nontarget\nc d target\n", "spk2gender": "s f\nt m\nu m\n", "text": "a hello\n",
    ])
    let prepared = try prepare()
    #expect(try folder.read("out/trials") == "a b target\na c nontarget\n")
    #expect(try folder.read("out/spk2gender") == "s f\nt m\n")
    let notes = prepared.notes(layout: .kaldi)
    #expect(
      notes.contains(
        "trials of the source: 2 of 3 kept, 1 left out because their utterances are not here (the first: d)"),
      "\(notes)")
    #expect(
      notes.contains("genders of the source: 2 of 3 kept; the other speakers have no utterance here (the first: u)"),
      "\(notes)")
    #expect(try CorpusSource(folder.path).notes == ["files of the source that are not taken over: text"])
    let drawn = try self.prepare(trials: 2)
    #expect(drawn.notes(layout: .kaldi).contains("the source's own trials are not taken over: others are drawn"))
    #expect(try folder.read("out/spk2gender") == "s f\nt m\n")
    try write(["spk2gender": "s f\nt m\n"])
    #expect(try !prepare().notes(layout: .kaldi).contains { $0.hasPrefix("genders") })
  }

  @Test func `the source's enrolments are kept with the pieces that are`() throws {
    try write([
      "wav.scp": "r r.wav\n", "utt2spk": "a s\nb s\nc t\nd t\n", "segments": "a r 0 1\nb r 1 2\nc r 2 3\nd r 0 9\n",
      "trials": "e b target\ne c nontarget\nf c target\n", "enroll.map": "e a d\nf d\n",
    ])
    let notes = try prepare().notes(layout: .kaldi)
    #expect(try folder.read("out/trials") == "e b target\ne c nontarget\n")
    #expect(try folder.read("out/enroll.map") == "e a\n")
    #expect(
      notes.contains(
        "enrolments of the source: 1 of 2 kept, without 2 of their utterances, which are not here (the first: d)"),
      "\(notes)")
    let withoutTrials = try prepare(trials: 2).notes(layout: .kaldi)
    #expect(withoutTrials.contains { $0.hasSuffix("others are drawn, and so is not its enroll.map") })
    try FileSystem.remove(folder.path("trials"))
    #expect(
      try prepare().notes(layout: .kaldi).contains(
        "enroll.map of the source is not taken over: there are no trials for it"))
    try write(["trials": "x y target\n"])
    #expect(
      try prepare().notes(layout: .kaldi).contains {
        $0.hasPrefix("the source's own trials are not taken over: of none")
      })
    try write(["trials": "x y maybe\n"])
    #expect(try CorpusSource(folder.path).notes.contains { $0.hasPrefix("trials of the source is not taken over: ") })
  }
}
