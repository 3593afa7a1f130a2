import DistTrain
import TestTools
import Testing

/// Trial lists as other toolkits write them, and what they say of a corpus.
@Suite struct ForeignTrialsTests {
  private func read(_ text: String, allowsBlind: Bool = false) throws -> TrialList {
    try withScratchFolder { folder in
      try write(text, to: folder + "/trials")
      return try TrialList.read(folder + "/trials", allowsBlind: allowsBlind)
    }
  }

  private func corpus(_ ids: [String]) -> Corpus {
    Corpus(ids.map { ListedUtterance(id: $0, speaker: $0.pathParts[0], path: $0, seconds: 1) })
  }

  @Test(arguments: [
    ("target", "nontarget"), ("tgt", "imp"), ("TRUE", "False"), ("Target", "Non-Target"), ("same", "different"),
    ("genuine", "impostor"), ("1", "0"), ("positive", "negative"),
  ])
  func `answers come in many words, first or last`(yes: String, no: String) throws {
    #expect(try read("a b \(yes)\na c \(no)\n").targets == [true, false])
    let first = try read("\(yes) a b\n\(no) a c\n")
    #expect(first.targets == [true, false] && first.names == ["a", "b", "c"])
    #expect(throws: Failure.self) { try read("a b \(yes)x\n") }
  }

  @Test func `beside a word, a digit is a name`() throws {
    #expect(try read("1 0 tgt\n").names == ["1", "0"])
    #expect(try read("tgt 0 1\n").names == ["0", "1"])
  }

  @Test func `a list without answers is taken where it may be`() throws {
    let list = try read("a b\n\na c\n", allowsBlind: true)
    #expect(list.isBlind && list.names == ["a", "b", "c"] && (0..<2).map(list.line) == [1, 3])
    #expect(throws: Failure.self) { try read("a b\n") }
    let failure = #expect(throws: Failure.self) { try read("a b\na c 1\n", allowsBlind: true) }
    #expect(failure?.message.contains("line 2: expected 'enrolment test', as in the first line") == true)
    #expect(try !read("a b 1\na c 0\n", allowsBlind: true).isBlind)
  }

  @Test func `names may differ from the utterances' in the suffix alone`() throws {
    let corpus = corpus(["s/a.flac", "s/b.flac", "s/b.mp3", "t/c.wav"])
    #expect(try read("s/a.wav t/c 0\n").positions(in: corpus) == [0, 3])
    let failure = #expect(throws: Failure.self) {
      try read("s/a.flac t/c.wav 0\ns/b.wav t/c.wav 0\n").positions(in: corpus)
    }
    #expect(failure?.message.contains("line 2: utterance s/b.wav is not in the corpus") == true)
    let embeddings = try Embeddings(names: ["s/a.flac", "t/c.wav"], vectors: Matrix(rows: 2, columns: 1, [1, 2]))
    #expect(try TrialScorer(embeddings).scores(of: read("s/a.wav t/c.flac 0\n")) == [1])
  }

  @Test func `an unknown name comes with the nearest that there is`() throws {
    let corpus = corpus(["speaker1/one.wav", "speaker2/two.wav"])
    let failure = #expect(throws: Failure.self) {
      try read("speaker1/one.wav speaker2/tow.wav 0\n").positions(in: corpus)
    }
    #expect(failure?.message.hasSuffix("(the nearest: speaker2/two.wav)") == true, "\(failure?.message ?? "")")
    let far = #expect(throws: Failure.self) { try read("speaker1/one.wav x 0\n").positions(in: corpus) }
    #expect(far?.message.contains("nearest") == false)
  }

  @Test(arguments: [511, 512, 513]) func `the nearest of very long names is not looked for`(count: Int) {
    let near = NearNames([String(repeating: "x", count: 512)])
    let name = String(repeating: "x", count: count - 1) + "y"
    #expect(near.hint(at: name).isEmpty == (count > 512))
  }

  @Test func `answers that the corpus contradicts are counted, with the first`() throws {
    let corpus = corpus(["s/a", "s/b", "t/c"])
    let list = try read("s/a s/b target\n\ns/a t/c target\ns/a s/b nontarget\n")
    let line = try #require(list.contradictions(of: corpus, list.positions(in: corpus)))
    #expect(
      line.contains("contradict 2 of 3 trials, the first in line 3: s/a is of s, t/c of t, but the list says target"))
    let right = try read("s/a s/b target\ns/a t/c nontarget\n")
    #expect(right.contradictions(of: corpus, try right.positions(in: corpus)) == nil)
  }

  @Test func `enrolments of several speakers are counted, with the first`() throws {
    let corpus = corpus(["s/a", "s/b", "t/c", "u/d"])
    func mixtures(_ text: String) throws -> String? {
      try withScratchFolder { folder in
        try write(text, to: folder + "/map")
        return try EnrolmentMap.read(folder + "/map").mixtures(of: corpus)
      }
    }
    let line = try #require(try mixtures("e s/a s/b\nf t/c\n\ng s/a s/b\nh u/d u/d t/c\ng t/c\n"))
    #expect(
      line.hasSuffix(
        "map: 2 of 4 enrolments mix the corpus's speakers, the first in line 4: in g, s/a is of s, t/c of t"), "\(line)"
    )
    #expect(try mixtures("e s/a s/b\nf t/c\ng u/d\n") == nil)
  }

  @Test func `an enrolment's utterances may stand on several lines, and it may be named as one of them`() throws {
    try withScratchFolder { folder in
      try write("a a\na b\nc c\n", to: folder + "/map")
      let map = try EnrolmentMap.read(folder + "/map")
      #expect(map.enrolments.map(\.utterances) == [["a", "b"], ["c"]])
      let embeddings = try Embeddings(
        names: ["a", "b", "c"], vectors: Matrix(rows: 3, columns: 2, [1, 0, 0, 1, 1, 1]))
      let all = try map.adding(to: embeddings)
      // The enrolment a is the mean of a and b, which has c's direction; the test a is itself.
      let scores = try TrialScorer(all).scores(of: read("a c 1\nc a 1\n"))
      #expect(abs(scores[0] - 1) < 1e-6 && abs(scores[1] - Float(0.5).squareRoot()) < 1e-6)
      let corpus = Corpus(["a", "b", "c"].map { ListedUtterance(id: $0, speaker: "s", path: $0, seconds: 1) })
      #expect(try read("a c 1\n").positions(in: corpus, enrolments: map) == [0, 2])
      try write("a a\na x\n", to: folder + "/map")
      let failure = #expect(throws: Failure.self) {
        try read("a c 1\n").positions(in: corpus, enrolments: EnrolmentMap.read(folder + "/map"))
      }
      #expect(failure?.message.contains("map, line 1: utterance x is not in the corpus") == true)
    }
  }
}
