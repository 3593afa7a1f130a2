import DistTrain
import Foundation
import TestTools
import Testing

/// What a page tells of a run's trials, their utterances and the embeddings.
@Suite struct ReportTrialsTests {
  private func page(_ fixtures: [RunFixture], resamples: Int = 100, hasAudio: Bool = false) throws -> String {
    try withScratchFolder { folder in
      let runs = try RecordedRun.read(fixtures.map { try $0.write(in: folder) }) { _ in }
      return ReportPage(runs, resamples: resamples, hasAudio: hasAudio, version: "0").html
    }
  }

  private func scores(_ fixture: RunFixture) throws -> ScoreList {
    try withScratchFolder { try ScoreList.read(fixture.write(in: $0) + "/evaluation/scores") }
  }

  /// The cells of a table's row behind its name.
  private func row(_ name: String, _ page: String) -> [String]? {
    let parts = page.components(separatedBy: "<th scope=\"row\">\(name)</th>")
    guard parts.count > 1, let end = parts[1].range(of: "</tr>") else { return nil }
    return parts[1][..<end.lowerBound].components(separatedBy: "</td>").dropLast().map {
      $0.replacingOccurrences(of: "<td>", with: "")
    }
  }

  private static let full = RunFixture(speakers: 60, hasUtterances: true, hasEmbeddings: true)

  @Test func `groups by length and sex have the EER of their trials alone`() throws {
    let (page, list) = (try page([Self.full]), try scores(Self.full))
    #expect(isWellFormed(page))
    func number(_ name: Int) -> Int { Int(list.list.names[name].dropFirst()) ?? 0 }
    func metrics(_ isMember: (Int, Int) -> Bool) throws -> DetectionMetrics {
      let members = list.list.trials.indices.filter {
        isMember(number(list.list.trials[$0].enrolment), number(list.list.trials[$0].test))
      }
      return try DetectionMetrics(
        scores: members.map { list.scores[$0] }, targets: members.map { list.list.trials[$0].isTarget })
    }
    func seconds(_ number: Int) -> Double { RunFixture.lengths[number % 3] }
    // Of each speaker's three targets, two have the shortest utterance: 120 of all, and 60 of 3.5 s.
    let groups: [(name: String, metrics: DetectionMetrics)] = [
      ("below 1.5 s", try metrics { min(seconds($0), seconds($1)) < 1.5 }),
      ("1.5 s and more", try metrics { min(seconds($0), seconds($1)) >= 1.5 }),
      ("f", try metrics { $0 / 3 % 2 == 0 && $1 / 3 % 2 == 0 }),
      ("m", try metrics { $0 / 3 % 2 == 1 && $1 / 3 % 2 == 1 }),
    ]
    for group in groups {
      let cells = try #require(row(group.name, page), "\(group.name)")
      #expect(cells[0] == "\(group.metrics.trials)" && cells[1] == "\(group.metrics.targets)", "\(group.name)")
      let parts = cells[2].split { " [,]".contains($0) }.compactMap { Double($0) }
      #expect(cells[2].hasPrefix(String(format: "%.3f [", group.metrics.eer)), "\(group.name): \(cells[2])")
      #expect(parts.count == 3 && parts[1] <= parts[0] && parts[0] <= parts[2], "\(group.name): \(cells[2])")
    }
    #expect(groups.map(\.metrics.targets) == [120, 60, 90, 90])
    let mixed = try #require(row("f × m", page))
    #expect(mixed[1] == "0" && mixed[2] == "no targets" && mixed[3] == "–" && mixed[4] != "–")
    #expect(try self.page([Self.full], resamples: 0).contains(String(format: "<td>%.3f</td>", groups[0].metrics.eer)))
  }

  @Test func `a group of few targets says so, and a run without properties what lists it lacks`() throws {
    let page = try page([RunFixture(speakers: 6, hasUtterances: true)])
    #expect(row("f", page)?[2] == "too few targets: 9")
    #expect(row("all", page)?[1] == "18")
    #expect(!page.contains("no spk2gender"))
    #expect(try !self.page([RunFixture()]).contains("no spk2gender"))
  }

  @Test func `the worst trials are the lowest targets and the highest non-targets, with their speakers and seconds`()
    throws
  {
    let (page, list) = (try page([Self.full]), try scores(Self.full))
    let places = list.list.trials.indices
    // Trials of equal scores are in the order of the list, as a sort that keeps it leaves them.
    let order = places.sorted { (list.scores[$0], $0) < (list.scores[$1], $1) }
    let targets = order.filter { list.list.trials[$0].isTarget }.prefix(10)
    let others = places.filter { !list.list.trials[$0].isTarget }
      .sorted { (-list.scores[$0], $0) < (-list.scores[$1], $1) }.prefix(10)
    func cells(_ place: Int) -> String {
      let trial = list.list.trials[place]
      let sides = [trial.enrolment, trial.test].flatMap { side -> [String] in
        let number = Int(list.list.names[side].dropFirst()) ?? 0
        return ["u\(number)", "p\(number / 3)", String(format: "%.1f", RunFixture.lengths[number % 3])]
      }
      let all = [String(format: "%.4f", list.scores[place])] + sides
      return "<tr><th scope=\"row\">\(trial.isTarget ? "target" : "non-target")</th>"
        + all.map { "<td>\($0)</td>" }.joined() + "</tr>\n"
    }
    #expect(page.contains("<tbody>\n" + (targets + others).map(cells).joined() + "</tbody>"))
    #expect(page.contains("svdist report --audio makes their recordings part of the page."))
  }

  @Test
  func `with audio, recordings are in the page once, cut to ten seconds, and lines stand for those that are gone`()
    throws
  {
    let folder = try TestFolder()
    try folder.writeTone("tone.wav", seconds: 12)
    var fixture = RunFixture(speakers: 6, hasUtterances: true)
    let list = try scores(fixture)
    let lowest = list.list.trials.indices.filter { list.list.trials[$0].isTarget }.min {
      (list.scores[$0], $0) < (list.scores[$1], $1)
    }
    let name = list.list.names[list.list.trials[try #require(lowest)].enrolment]
    fixture.recordings = [name: folder.path("tone.wav")]
    let page = try page([fixture], hasAudio: true)
    #expect(isWellFormed(page))
    let players = page.components(separatedBy: "src=\"data:audio/wav;base64,").dropFirst()
    #expect(players.count == 1 && page.components(separatedBy: "<audio ").count == 2)
    let bytes = try #require(players.first.flatMap { Data(base64Encoded: String($0.prefix { $0 != "\"" })) })
    let samples = try Waveform.read(path: folder.path("tone.wav"), seconds: 10)
    #expect(bytes.count == 44 + 2 * 160_000 && Array(bytes) == WaveBytes.bytes(samples))
    #expect(page.contains("cannot be heard: ") && page.contains("no such file"))
    #expect(try !self.page([fixture]).contains("<audio"))
  }

  @Test func `an utterance of several of the worst trials has one player`() throws {
    let folder = try TestFolder()
    try folder.writeTone("tone.wav", seconds: 0.1)
    var fixture = RunFixture(speakers: 6, hasUtterances: true)
    fixture.recordings = Dictionary(uniqueKeysWithValues: (0..<18).map { ("u\($0)", folder.path("tone.wav")) })
    let list = try scores(fixture)
    let worst = WorstTrials(try RankedTrials(scores: list.scores, targets: list.list.targets), count: 10)
    let names = Set(
      (worst.targets + worst.nonTargets).flatMap { place in
        [list.list.trials[place].enrolment, list.list.trials[place].test]
      })
    let page = try page([fixture], hasAudio: true)
    #expect(page.components(separatedBy: "<audio ").count - 1 == names.count)
    #expect(page.components(separatedBy: "to be heard above").count - 1 == 40 - names.count && names.count < 40)
  }

  @Test func `a picture has a mark for each embedding, named, with the speakers' colours and forms`() throws {
    let page = try page([Self.full])
    let picture = try #require(page.components(separatedBy: "Embeddings of held-out speakers</h2>").last)
    // 20 of 60 speakers, each with three utterances; six have circles, then six squares and so on.
    #expect(picture.contains("Embeddings, step 20: 60 utterances of 20 of 60 speakers; "))
    #expect(picture.components(separatedBy: "<title>").count == 61)
    #expect(picture.components(separatedBy: "r=\"3.5\"").count == 6 * 3 + 1)
    #expect(picture.contains("<title>p0: u0</title>") && picture.contains("<title>p11: u33</title>"))
    #expect(picture.contains("<b class=\"blue\">●</b>p0</span>"))
    let small = try self.page([RunFixture(speakers: 2, hasUtterances: true, hasEmbeddings: true)])
    #expect(small.contains("6 utterances of 2 speakers; "))
    #expect(small.utf8.count < 250_000 && page.utf8.count < 250_000)
  }

  @Test func `speakers of one utterance are shown only where there are no others`() throws {
    let vectors = Matrix(rows: 6, columns: 2, [1, 0, 0.9, 0.1, 0, 1, 0.1, 0.9, 1, 1, -1, 1])
    let embeddings = try Embeddings(names: (0..<6).map { "u\($0)" }, vectors: vectors)
    let some = try #require(SpeakerPicture(embeddings, speakers: ["b", "b", "a", "a", "c", nil], step: 3))
    #expect(some.speakers == ["a", "b"] && some.kept == 3 && some.step == 3)
    #expect(some.points.map(\.utterance) == ["u2", "u3", "u0", "u1"] && some.points.map(\.speaker) == [0, 0, 1, 1])
    let each = try #require(SpeakerPicture(embeddings, speakers: ["a", "b", "c", "d", "e", nil], step: nil))
    #expect(each.speakers.count == 5 && each.points.count == 5)
    #expect(SpeakerPicture(embeddings, speakers: ["a", "b", nil, nil, nil, nil], step: nil) == nil)
    // Length does not count.
    for column in 0..<2 { vectors[0, column] *= 7 }
    let longer = try #require(SpeakerPicture(embeddings, speakers: ["b", "b", "a", "a", "c", nil], step: 3))
    #expect(zip(longer.points, some.points).allSatisfy { abs($0.x - $1.x) < 1e-6 && abs($0.y - $1.y) < 1e-6 })
  }

  @Test func `scores of the best evaluation are drawn beside those of the last, and stand for them where they are not`()
    throws
  {
    var fixture = RunFixture(hasUtterances: true)
    fixture.best = (10, 0.9)
    let page = try page([fixture])
    #expect(isWellFormed(page) && page.contains("Scores of the last and the best evaluation"))
    #expect(page.contains("Density of scores, step 10: 276 trials, 24 targets, the lowest EER"))
    #expect(page.contains("<i class=\"blue dashed\"></i>run, lowest EER</span>"))
    #expect(!page.contains("of which no scores are kept"))
    #expect(page.contains("<h3>step 20: 276 trials, 24 targets</h3>"))
    fixture.separation = nil
    #expect(try self.page([fixture]).contains("<h3>step 10: 276 trials, 24 targets</h3>"))
    // Scores of a step that is not the best one are no one's.
    fixture.best = (20, 0.9)
    #expect(try !self.page([fixture]).contains("the lowest EER</figcaption>"))
  }

  @Test func `damaged files are a line each, and the rest is shown`() throws {
    try withScratchFolder { folder in
      var fixture = RunFixture(hasUtterances: true, hasEmbeddings: true)
      (fixture.best, fixture.rankLines) = ((10, 0.9), [])
      let path = try fixture.write(in: folder)
      func warnings() throws -> [String] {
        var warnings: [String] = []
        let runs = try RecordedRun.read([path]) { warnings.append($0) }
        #expect(isWellFormed(ReportPage(runs, resamples: 0, hasAudio: true, version: "0").html))
        return warnings
      }
      #expect(try warnings().isEmpty)
      let evaluation = path + "/evaluation"
      try write("{", to: evaluation + "/best-result.json")
      #expect(try warnings().map { $0.contains("does not tell the step of these scores") } == [true])
      try write("x", to: evaluation + "/embeddings.safetensors")
      #expect(try warnings().count == 2)
      try write("utterance\tspeaker\nu0\tp0\n", to: evaluation + "/utterances.tsv")
      let lines = try warnings()
      #expect(lines.count == 3 && lines[1].contains("utterances.tsv: has no column seconds"))
      let head = "utterance\tspeaker\tseconds\tpath\tstart\tchannel\n"
      try write(head + "u0\tp0\tnan\t/a\t-1\tx\nu1\t\t1e300\t\t\t\n", to: evaluation + "/utterances.tsv")
      #expect(try warnings().last?.contains("utterances.tsv: lacks 22 of the trials' 24 utterances") == true)
      #expect(try warnings().count == 3)
      try write(head + "u0\tp0\n", to: evaluation + "/utterances.tsv")
      #expect(try warnings().contains { $0.contains("utterances.tsv:2: 2 fields") })
    }
  }

  @Test func `what is kept is looked at where the best evaluation is the last one, or a result has gone`() throws {
    try withScratchFolder { folder in
      let fixture = RunFixture(
        evaluations: [(0, 40), (10, 12), (20, 9)], best: (20, 0.9), hasUtterances: true, rankLines: [])
      let path = try fixture.write(in: folder)
      func warnings() throws -> [String] {
        var warnings: [String] = []
        let runs = try RecordedRun.read([path]) { warnings.append($0) }
        #expect(!ReportPage(runs, resamples: 0, version: "0").html.contains("lowest EER</figcaption>"))
        return warnings
      }
      #expect(try warnings() == [])
      let best = path + "/evaluation/best-scores"
      try write(read(best).split(separator: "\n").dropLast().joined(separator: "\n") + "\n", to: best)
      #expect(try warnings().map { $0.contains("best-scores: has 275 trials") } == [true])
      try FileSystem.remove(path + "/evaluation/result.json")
      let lines = try warnings()
      #expect(lines.count == 2 && lines[0].contains("result.json: is not there, so that the step of"), "\(lines)")
      try write("{\"eer\":-7}", to: path + "/evaluation/step-10.json")
      #expect(try warnings().first?.contains("step-10.json: is not the result of an evaluation") == true)
    }
  }

  private static let damages: [(file: String, words: String)] = [
    ("evaluation/step-10.json", "step-10.json: is not the result of an evaluation"),
    ("evaluation/step-20.json", "result.json: is the result of none of the steps here"),
    ("evaluation/an4/step-10.json", "an4/step-10.json: is not the result of an evaluation"),
    ("evaluation/result.json", "result.json: is not the result of an evaluation"),
    ("evaluation/scores", "scores: has 275 trials, result.json tells of 276"),
    ("evaluation/best-scores", "best-scores: has 275 trials, best-result.json tells of 276"),
    ("evaluation/utterances.tsv", "utterances.tsv: lacks 1 of the trials' 24 utterances"),
    ("history.jsonl", "history.jsonl: line 1 is no whole start"),
    ("ranks.jsonl", "ranks.jsonl: line 1 is no whole stretch of steps"),
    ("checkpoints/step-00000010/state.json", "step-00000010/state.json"),
  ]

  /// Files of many lines lose their last one, others the half of their bytes.
  @Test(arguments: damages) func `a file that is cut, also at a line's end, is named`(file: String, words: String)
    throws
  {
    try withScratchFolder { folder in
      var fixture = RunFixture(best: (10, 0.9), hasUtterances: true)
      fixture.sets = ["an4": [(10, 8.25), (20, 9)]]
      fixture.rankLines = [RunFixture.rankLine(20, hosts: ["a", "b"], load: 1, compute: 1, communicate: 1)]
      let path = try fixture.write(in: folder)
      let isState = file.hasSuffix("state.json")
      if isState {
        try FileSystem.createFolder(path + "/checkpoints")
        try FileSystem.createFolder(path + "/checkpoints/step-00000010")
        try write("{}", to: "\(path)/\(file)")
      }
      func read() throws -> (page: String, warnings: [String]) {
        var warnings: [String] = []
        let runs = try RecordedRun.read([path]) { warnings.append($0) }
        return (ReportPage(runs, resamples: 0, version: "0").html, warnings)
      }
      if !isState { #expect(try read().warnings == []) }
      let text = try TestTools.read("\(path)/\(file)")
      let lines = text.split(separator: "\n")
      let half = String(text.prefix(text.count / 2))
      let kept = lines.count > 2 ? lines.dropLast().joined(separator: "\n") + "\n" : half
      try write(kept, to: "\(path)/\(file)")
      let (page, warnings) = try read()
      #expect(warnings.contains { $0.contains(words) }, "\(warnings)")
      #expect(isWellFormed(page) && warnings.allSatisfy { page.contains($0.replacing("'", with: "&#39;")) })
      // What a damaged list of utterances would tell is not said to be lacking in the data directory.
      #expect(!page.contains("no spk2gender"))
    }
  }
}
