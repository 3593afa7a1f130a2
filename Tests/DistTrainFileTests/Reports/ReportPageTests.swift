import DistTrain
import Foundation
import TestTools
import Testing

@Suite struct ReportPageTests {
  private func page(_ fixtures: [RunFixture]) throws -> String {
    try withScratchFolder { folder in
      let runs = try RecordedRun.read(fixtures.map { try $0.write(in: folder) }) { _ in }
      return ReportPage(runs, resamples: 100, version: "0.2.0").html
    }
  }

  /// The captions of a page's figures, each with the number of its drawings.
  private func figures(_ page: String) -> [(caption: String, drawings: Int)] {
    page.components(separatedBy: "<figure>").dropFirst().map { figure in
      let body = figure.components(separatedBy: "</figure>")[0]
      let caption = body.components(separatedBy: "figcaption>")[1].replacingOccurrences(of: "</", with: "")
      return (caption, body.components(separatedBy: "<svg").count - 1)
    }
  }

  @Test func `a full run has every chart, and no line about what is not there but of scores and lists`() throws {
    let page = try page([RunFixture()])
    #expect(isWellFormed(page))
    let figures = figures(page)
    #expect(
      figures.map(\.caption) == [
        "losses above, weights below", "norms above, the cosine of their angle below",
        "learning rate above, margin below", "EER (%)", "DET: misses (%) over false alarms (%)",
        "Density of scores, step 20: 276 trials, 24 targets", "utterances per second", "run: 1 min 00 s",
        "run: its ranks",
      ])
    #expect(figures.map(\.drawings) == [2, 2, 2, 1, 1, 1, 1, 1, 2])
    let missing = page.components(separatedBy: "class=\"missing\">").dropFirst().map { $0.prefix { $0 != "<" } }
    #expect(missing.count == 8)
    #expect(
      missing.drop { $0.hasSuffix("/ranks.jsonl: 2 lines are no whole stretches of steps and are left out: 2, 5.") }
        == [
          "run: the lowest EER is that of step 10, of which no scores are kept: svdist evaluate scores its checkpoint where "
            + "that is kept (checkpoints/best).",
          "Not recorded: utterances of the trials (evaluation/utterances.tsv), or scores.",
          "Not recorded: utterances of the trials (evaluation/utterances.tsv), or scores.",
          "Not recorded: embeddings and their speakers (evaluation/embeddings.safetensors, utterances.tsv).",
          "Times of all steps are those of rank 0.",
          "Not recorded: the training corpus (in no checkpoint that is kept).",
          "Not recorded: what was left out (no left-out.tsv beside corpus.train here).",
        ])
    for word in ["<script", "src=", "@import", "url("] { #expect(!page.contains(word), "\(word)") }
  }

  @Test func `where the time went adds up to the whole run`() throws {
    let page = try page([RunFixture()])
    // Each of 20 steps has 0.25 s of waiting, 0.5 s forward, 0.75 s backward, 0.25 s of communication and 0.25 s of the
    // rest; checkpoints take 0.5 s, and 10 of the 60 s are left.
    for words in [
      "waiting for batches 8.3 %", "forward 16.7 %", "backward 25.0 %", "communication 8.3 %",
      "rest of the steps 8.3 %", "checkpoints 16.7 %", "between steps, such as evaluations 16.7 %",
    ] {
      #expect(page.contains(words), "\(words)")
    }
    #expect(page.contains("<rect x=\"38.33\" y=\"0\" width=\"76.67\" height=\"22\" class=\"area blue\"/>"))
  }

  @Test func `ranks have bars, those that worked longest first, of the last start's ranks and hosts`() throws {
    let page = try page([RunFixture()])
    let bars = page.components(separatedBy: "run: its ranks")[1]
    // Rank 1 waited 3 s, computed 9 s and communicated 4 s of its 16 in two stretches, rank 0 worked 6 s of 10.
    let titles = ["rank 1 on n&lt;2&gt;: busy 75.0 %", "rank 0 on n1: busy 60.0 %"]
    let places = titles.map { bars.range(of: $0)?.lowerBound }
    #expect(places[0] != nil && places[1] != nil && places[0]! < places[1]!)
    #expect(bars.contains("<rect x=\"86.25\" y=\"0\" width=\"258.75\" height=\"22\" class=\"area blue\"/>"))
    #expect(bars.components(separatedBy: "<p>").count == 3)
    var many = RunFixture()
    many.rankLines = [RunFixture.rankLine(20, hosts: (0..<40).map { "n\($0)" }, load: 0, compute: 1, communicate: 1)]
    let crowd = try self.page([many])
    #expect(crowd.contains("run: the 16 ranks of 40 that worked longest") && isWellFormed(crowd))
    many.rankLines = [
      "{\"step\":20,\"hosts\":[\"n1\"],\"loadSeconds\":[],\"computeSeconds\":[1],\"communicateSeconds\":[1]}"
    ]
    #expect(try !self.page([many]).contains("its ranks"))
  }

  @Test func `a sparse run says what it did not record, and draws nothing of that`() throws {
    var sparse = RunFixture()
    (sparse.isSparse, sparse.evaluations, sparse.separation) = (true, [], nil)
    let page = try page([sparse])
    #expect(isWellFormed(page))
    #expect(figures(page).map(\.caption) == ["losses above, weights below"])
    for words in [
      "α or other weights", "norms of the objectives&#39; gradients", "the angle between two gradients",
      "the learning rate", "the margin", "evaluations", "scores of held-out trials (evaluation/scores)",
      "utterances per second", "time of sections", "starts (no whole line in history.jsonl)",
    ] {
      #expect(page.contains("Not recorded: \(words)."), "\(words)")
    }
  }

  @Test func `several runs stand side by side, with the settings that differ`() throws {
    var other = RunFixture(name: "other", settings: "training: {steps: 20}\nseed: 9\n")
    other.isSparse = true
    let page = try page([RunFixture(), other])
    #expect(isWellFormed(page))
    #expect(page.contains("<tr><th scope=\"row\">seed</th><td>1</td><td>9</td></tr>"))
    #expect(!page.contains("<tr><th scope=\"row\">training.steps</th>"))
    #expect(figures(page).filter { $0.caption == "other" }.map(\.drawings) == [1])
    #expect(page.contains("Not recorded by other: the learning rate."))
    #expect(try self.page([RunFixture(), RunFixture(name: "same")]).contains("No setting differs."))
  }

  @Test func `each further set has a chart of its EER, and the page says whose the scores are`() throws {
    var first = RunFixture(
      settings: "training: {steps: 20}\ncorpus: {evaluation: /e, trials: /t}\n"
        + "evaluation: {sets: [{name: an4, corpus: /a, trials: /b}]}\n")
    first.sets = ["an4": [(0, 30), (10, 8.25), (20, 9)]]
    let page = try page([first, RunFixture(name: "other")])
    #expect(isWellFormed(page))
    #expect(figures(page).map(\.caption).filter { $0.hasPrefix("EER") } == ["EER (%)", "EER of an4 (%)"])
    #expect(page.contains("<td>/e; an4: /a</td>"))
    #expect(page.contains("<tr><th scope=\"row\">an4: EER %</th><td>9.000 at step 20</td><td>–</td></tr>"))
    let words = "Curves, densities and intervals are of the trials of corpus.evaluation"
    #expect(page.contains(words))
    #expect(try !self.page([RunFixture()]).contains(words))
  }

  @Test func `names, paths and settings may have any characters`() throws {
    var odd = RunFixture(name: "<b>&\"'\u{202E}run", settings: "corpus: {train: \"/<i>&'\\\"\"}\n")
    odd.evaluations = []
    let page = try page([odd])
    #expect(isWellFormed(page))
    #expect(!page.contains("<b>") && !page.contains("<i>") && !page.contains("\u{202E}"))
    #expect(page.contains("&lt;b&gt;&amp;&quot;&#39;\\u{202E}run"))
    #expect(page.contains("a&lt;b&gt;&amp;&quot;c&quot;"))
  }

  @Test func `a page is as large for many steps as for a few thousand`() throws {
    let pages = try [20, 2000, 9000].map { try page([RunFixture(steps: $0)]) }
    let sizes = pages.map(\.utf8.count)
    #expect(sizes.allSatisfy { $0 < 200_000 }, "\(sizes)")
    // Thinned curves have the extremes around them: both losses and weights, norms, angle, rate, margin and speed.
    let areas = pages.map { $0.components(separatedBy: "<polygon").count - 1 }
    #expect(areas == [2, 2 + 9, 2 + 9])
    #expect(pages.map { $0.contains("a point of a curve is the mean of up to ") } == [false, true, true])
    #expect(pages[1].contains("of up to 8 steps, and"))
  }

  @Test func `runs of one name have their paths, and one that is named twice is refused`() throws {
    try withScratchFolder { folder in
      let paths = try ["a", "b"].map { parent in
        try FileSystem.createFolder("\(folder)/\(parent)")
        return try RunFixture().write(in: "\(folder)/\(parent)")
      }
      let page = ReportPage(try RecordedRun.read(paths) { _ in }, resamples: 0, version: "0").html
      for path in paths { #expect(page.contains("<figcaption>\(path)</figcaption>")) }
      let refusal = failure { _ = try RecordedRun.read([paths[0], paths[1], paths[0] + "/"]) { _ in } }
      #expect(refusal?.kind == .usage)
      #expect(refusal?.message.contains("is the same run as") == true)
    }
  }

  @Test func `files that cannot be read are said, and the rest is shown`() throws {
    try withScratchFolder { folder in
      let path = try RunFixture(settings: "sede: 1\n").write(in: folder)
      try write("u1 u2 x target\n", to: path + "/evaluation/scores")
      try write("not JSON\n", to: path + "/evaluation/step-10.json")
      try write("{\"step\":", to: path + "/history.jsonl")
      var warnings: [String] = []
      let runs = try RecordedRun.read([path]) { warnings.append($0) }
      let page = ReportPage(runs, resamples: 100, version: "0").html
      let parts = ["sede", "history.jsonl: line 1 is no", "step-10.json", "evaluation/scores", "ranks.jsonl: 2"]
      #expect(warnings.count == parts.count && zip(warnings, parts).allSatisfy { $0.contains($1) }, "\(warnings)")
      #expect(isWellFormed(page))
      #expect(page.contains("its settings are not known") && page.contains("Not recorded: starts"))
      #expect(page.contains("Cannot be read, as the overview says: scores of held-out trials (evaluation/scores)."))
      #expect(!page.contains("Not recorded: scores"))
      #expect(page.contains("15.000 at step 20"))
    }
  }
}
