import DistTrain
import Foundation
import TestTools
import Testing

/// CN-Celeb as unpacked, in miniature: two speakers to train on, two of the evaluation.
@Suite struct CNCelebTests {
  private let folder: TestFolder
  private let first = "corpora/CN-Celeb_flac"

  init() throws {
    folder = try TestFolder()
    for name in [
      "data/id00000/singing-01-001", "data/id00000/vlog-01-001", "data/id00001/drama-01-001",
      "data/id00800/singing-01-001", "data/id00800/speech-02-001", "data/id00800/interview-01-001",
      "data/id00801/vlog-01-001", "eval/test/id00800-interview-02-001", "eval/test/id00801-movie-01-002",
      "eval/test/id00801-movie-01-003", "eval/enroll/id00800-enroll",
    ] {
      // The archive's suffix; libsndfile goes by what is inside.
      try folder.writeTone("\(first)/\(name).flac", seconds: name.hasSuffix("003") ? 0.2 : 1)
    }
    try folder.write("\(first)/dev/dev.lst", "id00000\nid00001\nid00002\n")
    try folder.write("\(first)/eval/lists/enroll.lst", "id00800-enroll enroll/id00800-enroll.wav\n")
    try folder.write(
      "\(first)/eval/lists/enroll.map",
      "id00800-enroll id00800/singing-01-001.wav id00800/speech-02-001.wav\nid00801-enroll id00801/vlog-01-001.wav\n")
    try folder.write(
      "\(first)/eval/lists/trials.lst",
      ["id00800", "id00801"].flatMap { enrolment in
        ["id00800-interview-02-001", "id00801-movie-01-002", "id00801-movie-01-003"].map {
          "\(enrolment)-enroll test/\($0).wav \($0.hasPrefix(enrolment) ? 1 : 0)\n"
        }
      }.joined())
  }

  private func prepare(
    _ source: String, minimumSeconds: Double = 0.5, voice: VoiceActivity? = nil
  ) throws -> CorpusPreparation {
    let preparation = try CorpusPreparation(
      CorpusSource(folder.path(source)), lengths: minimumSeconds...(.infinity), minimumUtterances: 1, voice: voice)
    let prepared = try PreparedCorpus(preparation, heldOut: { _ in nil }, trials: nil, seed: 1)
    try prepared.write(folder.path("out"), relativePaths: false, overwrite: true)
    return preparation
  }

  private func corpus(_ part: String) throws -> Corpus { try Corpus.open(folder.path("out/\(part)")) }

  @Test func `silence is cut off training's utterances, not the evaluation's`() throws {
    for name in ["data/id00000/vlog-01-001", "data/id00801/vlog-01-001", "eval/test/id00801-movie-01-002"] {
      let samples = (0..<32_000).map { $0 < 16_000 ? 0 : 0.5 * sin(Float($0) / 20) }
      try folder.writeWave("\(first)/\(name).flac", samples: samples)
    }
    let preparation = try prepare(first, voice: VoiceActivity())
    #expect(preparation.trimming?.trimmed.map(\.utterance) == ["id00000/vlog-01-001.flac"])
    #expect(try corpus("train").utterances.map { $0.seconds < 1.2 } == [true, true, true])
    #expect(try corpus("evaluation").utterances.filter { $0.seconds == 2 }.count == 2)
  }

  @Test func `speakers of dev.lst are trained on, pieces and tests evaluated under the lists' names`() throws {
    let source = try CorpusSource(folder.path(first))
    #expect(source.layout == .cnCeleb)
    let preparation = try prepare(first)
    #expect(try corpus("train").speakers == ["id00000", "id00001"])
    #expect(
      try corpus("train").utterances.map(\.id) == [
        "id00000/singing-01-001.flac", "id00000/vlog-01-001.flac", "id00001/drama-01-001.flac",
      ])
    let evaluation = try corpus("evaluation")
    #expect(evaluation.speakers == ["id00800", "id00801"])
    #expect(
      evaluation.utterances.map(\.id) == [
        "enroll/id00800-enroll.wav", "id00800/singing-01-001.wav", "id00800/speech-02-001.wav",
        "id00801/vlog-01-001.wav",
        "test/id00800-interview-02-001.wav", "test/id00801-movie-01-002.wav", "test/id00801-movie-01-003.wav",
      ])
    #expect(evaluation.utterances.allSatisfy { $0.path.hasSuffix(".flac") })
    #expect(evaluation.utterances.map(\.speaker) == [0, 0, 0, 1, 0, 1, 1])
    // 0.2 s, shorter than the minimum: the evaluation is taken as it is.
    #expect(evaluation.utterances.last?.seconds == 0.2)
    #expect(preparation.leftOut.map(\.path) == ["id00002", "id00800"].map { folder.path("\(first)/data/\($0)") })
    #expect(preparation.leftOut[0].reason.contains("has no recordings"))
    #expect(preparation.leftOut[1].reason == "recordings of a speaker of the evaluation that no list names: 1")

    let written = try TrialList.read(folder.path("out/evaluation/trials"))
    let original = try TrialList.read(folder.path("\(first)/eval/lists/trials.lst"))
    #expect(written.names == original.names && written.trials == original.trials)
    #expect(
      try folder.read("out/evaluation/enroll.map") == folder.read("\(first)/eval/lists/enroll.map"))
  }

  @Test func `an enrolment is the mean of its pieces by the lists that are written`() throws {
    _ = try prepare(first)
    let names = try corpus("evaluation").utterances.map(\.id)
    let vectors = Matrix(rows: names.count, columns: 2)
    for row in names.indices {
      vectors[row, 0] = Float(row)
      vectors[row, 1] = 1
    }
    let map = try EnrolmentMap.read(folder.path("out/evaluation/enroll.map"))
    let all = try map.adding(to: Embeddings(names: names, vectors: vectors))
    #expect(all.vectors[names.count, 0] == 1.5 && all.vectors[names.count + 1, 0] == 3)
    let trials = try TrialList.read(folder.path("out/evaluation/trials"))
    #expect(try TrialScorer(all, mean: nil).scores(of: trials).count == 6)
  }

  @Test func `files of the evaluation that are missing are reported, with their trials left out`() throws {
    for name in ["data/id00800/speech-02-001", "eval/test/id00801-movie-01-002"] {
      try FileManager.default.removeItem(atPath: folder.path("\(first)/\(name).flac"))
    }
    let preparation = try prepare(first)
    #expect(preparation.evaluation?.trialsLeftOut == 2)
    #expect(try TrialList.read(folder.path("out/evaluation/trials")).trials.count == 4)
    #expect(
      try folder.read("out/evaluation/enroll.map")
        == "id00800-enroll id00800/singing-01-001.wav\nid00801-enroll id00801/vlog-01-001.wav\n")
    #expect(
      Set(preparation.leftOut.filter { $0.reason.hasPrefix("no such file") }.map(\.utterance))
        == ["id00800/speech-02-001.wav", "test/id00801-movie-01-002.wav"])
    try FileManager.default.removeItem(atPath: folder.path("\(first)/data/id00801/vlog-01-001.flac"))
    #expect(try prepare(first).evaluation?.trialsLeftOut == 4)
    try FileManager.default.removeItem(atPath: folder.path("\(first)/data/id00800/singing-01-001.flac"))
    let failure = #expect(throws: Failure.self) { try prepare(first) }
    #expect(failure?.message.contains("0 of 6 trials can be used") == true && failure?.kind == .badData)
  }

  @Test func `files beside others are accounted for, whether those are trained on, evaluated or neither`() throws {
    let names = [
      "data/id00000/vlog-01-001", "data/id00001/drama-01-001", "data/id00800/speech-02-001",
      "data/id00800/interview-01-001", "eval/test/id00800-interview-02-001",
    ]
    for name in names { try folder.writeTone("\(first)/\(name).wav") }
    try folder.write("\(first)/data/id00001/drama-01-001.wav", "")
    let preparation = try prepare(first)
    #expect(
      try corpus("train").utterances.map(\.id) == [
        "id00000/singing-01-001.flac", "id00000/vlog-01-001.wav", "id00001/drama-01-001.flac",
      ])
    let reasons = preparation.leftOut.filter { $0.path.hasSuffix("-001.flac") || $0.path.hasSuffix("-001.wav") }
      .map { "\($0.path.dropFirst(folder.path(first).count + 1)): \($0.reason)" }
    let copy = "is a copy of a recording that is"
    #expect(
      reasons == [
        "data/id00000/vlog-01-001.flac: \(copy) taken: vlog-01-001.wav lies beside it",
        "data/id00001/drama-01-001.wav: is empty (0 bytes): copy or convert it again; its copy drama-01-001.flac is "
          + "taken",
        "data/id00800/interview-01-001.flac: \(copy) left out: interview-01-001.wav lies beside it",
        "data/id00800/speech-02-001.flac: \(copy) taken: speech-02-001.wav lies beside it",
        "eval/test/id00800-interview-02-001.flac: \(copy) taken: id00800-interview-02-001.wav lies beside it",
      ], "\(reasons)")
  }

  @Test func `recordings that no list names are listed by their folders`() throws {
    for name in [
      "data/stray", "data/id00900/a/1", "data/id00900/2", "data/id00800/extra", "eval/test/extra", "eval/test/more",
      "eval/enroll/id00801-enroll", "eval/odd",
    ] { try folder.writeTone("\(first)/\(name).flac") }
    try folder.writeTone("corpora/CN-Celeb2_flac/data/loose.flac")
    try folder.writeTone("corpora/CN-Celeb2_flac/data/id10000/singing-01-001.flac")
    try folder.write("corpora/CN-Celeb2_flac/spk.lst", "id10000\n")
    let preparation = try prepare("corpora")
    let unnamed = preparation.leftOut.filter { !$0.path.hasSuffix("id00002") }
    #expect(
      unnamed.map { "\($0.path.dropFirst(folder.path("corpora/").count)): \($0.reason)" } == [
        "CN-Celeb2_flac/data/loose.flac: is not in a speaker's folder",
        "CN-Celeb_flac/data/id00800: recordings of a speaker of the evaluation that no list names: 2",
        "CN-Celeb_flac/data/id00900: recordings of a speaker that no list names: 2",
        "CN-Celeb_flac/data/stray.flac: is not in a speaker's folder",
        "CN-Celeb_flac/eval: recordings that no list of eval/lists names: 1",
        "CN-Celeb_flac/eval/enroll: recordings that no list of eval/lists names: 1",
        "CN-Celeb_flac/eval/test: recordings that no list of eval/lists names: 2",
      ])
  }

  @Test(arguments: ["/", "//", "-", "id00800/"]) func `an odd piece of an enrolment is left out`(name: String) throws {
    try folder.write(
      "\(first)/eval/lists/enroll.map",
      "id00800-enroll id00800/singing-01-001.wav \(name)\nid00801-enroll id00801/vlog-01-001.wav\n")
    let preparation = try prepare(first)
    #expect(preparation.leftOut.contains { $0.utterance == name }, "\(preparation.leftOut)")
    #expect(try folder.read("out/evaluation/enroll.map").hasPrefix("id00800-enroll id00800/singing-01-001.wav\n"))
  }

  @Test func `CN-Celeb2 is trained on as a whole, alone or beside CN-Celeb`() throws {
    try folder.writeTone("corpora/CN-Celeb2_flac/data/id10000/singing-01-001.flac")
    try folder.writeTone("corpora/CN-Celeb2_flac/data/id10001/vlog-01-001.flac")
    try folder.write("corpora/CN-Celeb2_flac/spk.lst", "id10000\nid10002\n")
    let second = try CorpusSource(folder.path("corpora/CN-Celeb2_flac"))
    #expect(second.layout == .cnCeleb && second.evaluation == nil)
    #expect(second.utterances.map(\.speaker) == ["id10000", "id10001"])
    #expect(second.leftOut.map(\.path) == [folder.path("corpora/CN-Celeb2_flac/data/id10002")])
    _ = try prepare("corpora")
    #expect(try corpus("train").speakers == ["id00000", "id00001", "id10000", "id10001"])
    #expect(try corpus("evaluation").speakers == ["id00800", "id00801"])
  }

  @Test func `wrong lines of its lists are left out and listed`() throws {
    let lists = "\(first)/eval/lists"
    let right = try prepare(first)
    for (list, line) in [
      ("\(first)/dev/dev.lst", "id 5"), ("\(lists)/enroll.map", "id00802-enroll"),
      ("\(lists)/trials.lst", "x"), ("\(lists)/trials.lst", "id00809-enroll test/id00801-movie-01-002.wav 0"),
    ] {
      try folder.write(list, folder.read(list) + line + "\n")
    }
    let preparation = try prepare(first)
    #expect(preparation.utterances == right.utterances)
    #expect(preparation.evaluation?.published.trials.trials == right.evaluation?.published.trials.trials)
    let added = preparation.leftOut.filter { !right.leftOut.contains($0) }
    let places = added.map { "\(URL(fileURLWithPath: $0.path).lastPathComponent) \($0.reason.prefix(16))" }
    #expect(
      places.sorted() == [
        "dev.lst:4 is no speaker: 2", "enroll.map:3 is no enrolment:", "trials.lst:7 is no trial: exp",
        "trials.lst:8 is no trial: enr",
      ], "\(places)")
  }

  @Test func `what cannot be CN-Celeb is refused in one line`() throws {
    let lists = "\(first)/eval/lists"
    for (list, text, message) in [
      ("\(first)/dev/dev.lst", nil, "dev/dev.lst: no such file; it names the speakers to train on"),
      ("\(lists)/enroll.map", nil, "enroll.map: no such file"),
      ("\(lists)/trials.lst", nil, "trials.lst: no such file"),
      ("\(lists)/enroll.map", "id00800-enroll\n", "enroll.map, line 1: expected"),
      (
        "\(lists)/trials.lst", "id00809-enroll test/a.wav 1\nid00810-enroll test/a.wav 0\n",
        "trials.lst, line 1: enrolment id00809-enroll is not in enroll.map"
      ),
      ("\(first)/dev/dev.lst", "id00000\nid00801\n", "speaker 'id00801' is in the training part and in eval/lists"),
      ("\(first)/dev/dev.lst", "id00007\n", "training speakers have no recordings"),
    ] {
      let before = try folder.read(list)
      if let text {
        try folder.write(list, text)
      } else {
        try FileManager.default.removeItem(atPath: folder.path(list))
      }
      let failure = #expect(throws: Failure.self) { try CorpusSource(folder.path(first), layout: .cnCeleb) }
      #expect(
        failure?.message.contains(message) == true && failure?.kind == .badData, "\(String(describing: failure))")
      try folder.write(list, before)
    }
    let failure = #expect(throws: Failure.self) {
      try CorpusSource(folder.path("\(first)/data"), layout: .cnCeleb)
    }
    #expect(failure?.message.contains("not CN-Celeb as unpacked") == true)
  }

  @Test func `speakers are not held out of a corpus that has its evaluation`() throws {
    let preparation = try CorpusPreparation(
      CorpusSource(folder.path(first)), lengths: 0.5...(.infinity), minimumUtterances: 1)
    for (held, trials) in [(["id00000"] as Set<Name>?, nil), (nil, 2)] as [(Set<Name>?, Int?)] {
      let failure = #expect(throws: Failure.self) {
        try PreparedCorpus(preparation, heldOut: { _ in held }, trials: trials, seed: 1)
      }
      #expect(failure?.message.contains("has an evaluation of its own") == true && failure?.kind == .usage)
    }
  }
}
