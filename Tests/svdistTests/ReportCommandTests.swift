import DistTrain
import Foundation
import TestCorpora
import Testing

extension ProgramTests {
  /// `svdist report` and `svdist compare` on runs that svdist trained.
  @Suite struct ReportCommandTests {
    private func train(_ run: SmallRun, into name: String, _ settings: [String] = []) throws {
      try GeneratedCorpus.writeTrials(to: run.corpus, speakers: 6, utterances: 3)
      let all = [
        "corpus.evaluation=\(run.corpus.path)", "corpus.trials=\(run.corpus.path)/trials", "evaluation.everySteps=3",
        "checkpoint.everySteps=3",
      ]
      let outcome = try svdist(run.arguments(steps: 6, all + settings, into: name))
      #expect(outcome.status == 0, "\(outcome.errors)")
    }

    @Test func `a page shows runs, and is written again but not over anything else`() throws {
      try SmallRun.with(speakers: 6, utterances: 3) { run in
        try "s0 f\ns1 m\ns2 f\ns3 m\ns4 f\ns5 m\n".write(
          to: run.corpus.appending(path: "spk2gender"), atomically: true, encoding: .utf8)
        try train(run, into: "run")
        try train(run, into: "other", ["seed=2"])
        let page = run.path("page.html")
        let outcome = try svdist(["report", run.path("run"), run.path("other"), "--output", page, "--resamples", "100"])
        #expect(outcome.status == 0 && outcome.output.isEmpty)
        #expect(outcome.errors == "report of 2 runs in \(page)\n")
        let text = try String(contentsOfFile: page, encoding: .utf8)
        #expect(text.contains("18 utterances of 6 speakers"))
        #expect(text.contains("<tr><th scope=\"row\">seed</th><td>1</td><td>2</td></tr>"))
        let bests = try ["run", "other"].map { try expectKept(run, $0) }.count { $0 != 6 }
        #expect(text.components(separatedBy: "<svg").count - 1 == 2 * 3 * 2 + 1 + 3 + bests + 2 + 2 * 2)
        #expect(text.contains("18 utterances of 6 speakers; ") && text.contains("<th scope=\"row\">f × m</th>"))
        #expect(try svdist(["report", run.path("run"), "-o", page, "--resamples", "0"]).status == 0)
        #expect(try String(contentsOfFile: page, encoding: .utf8).contains("<title>Run run</title>"))
        let quiet = try svdist(["report", run.path("run"), "-o", page, "--resamples", "0", "--audio", "--quiet"])
        #expect(quiet.status == 0 && quiet.output.isEmpty && quiet.errors.isEmpty)
        #expect(try String(contentsOfFile: page, encoding: .utf8).contains("<audio "))
        let settings = run.path("run/config.yaml")
        expectRefusal(try svdist(["report", run.path("run"), "-o", settings]), 64, "holds no report of svdist")
        try compare(run)
      }
    }

    /// Expects that a run keeps utterances, embeddings and the scores of its best step.
    /// - Returns: that step.
    private func expectKept(_ run: SmallRun, _ name: String) throws -> Int {
      let folder = run.path("\(name)/evaluation")
      let table = try String(contentsOfFile: folder + "/utterances.tsv", encoding: .utf8).split(separator: "\n")
      #expect(table.count == 19 && table[1] == "s0-u0\ts0\t0.8\t\(run.corpus.path)/s0-u0.wav\t0.0\t\tf")
      let embeddings = try EmbeddingFile.read(folder + "/embeddings.safetensors")
      #expect(embeddings.names.count == 18 && embeddings.names[1] == "s0-u1" && embeddings.vectors.columns == 16)
      func object(_ path: String) throws -> [String: Any] {
        let json = try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: path)))
        return try #require(json as? [String: Any])
      }
      let best = try object(folder + "/best-result.json")
      let results = try [3, 6].map { try #require(object("\(folder)/step-\($0).json")["eer"] as? Double) }
      #expect(best["eer"] as? Double == results.min())
      #expect(best["step"] as? Int == (results[1] < results[0] ? 6 : 3))
      #expect(try ScoreList.read(folder + "/best-scores").scores.count == 18 * 17 / 2)
      return try #require(best["step"] as? Int)
    }

    /// Both runs have scores of the same trials.
    private func compare(_ run: SmallRun) throws {
      let names = ["compare", run.path("run"), run.path("other"), "--resamples", "100"]
      let table = try svdist(names)
      #expect(table.status == 0 && table.errors.isEmpty)
      #expect(table.output.contains("seed"))
      #expect(table.output.contains("EER less that of run"))
      let json = try #require(
        JSONSerialization.jsonObject(with: Data(try svdist(names + ["--json"]).output.utf8)) as? [String: Any])
      let runs = try #require(json["runs"] as? [[String: Any]])
      #expect(runs.map { $0["steps"] as? Int } == [6, 6])
      #expect(runs[1]["differences"] is [String: Any])
      // The figure is the one that the run wrote, and the interval that of svdist metrics on its scores.
      let metrics = try svdist(["metrics", run.path("run/evaluation/scores"), "--json", "--resamples", "100"])
      let figures = try #require(
        (JSONSerialization.jsonObject(with: Data(metrics.output.utf8)) as? [String: Any])?["figures"] as? [String: Any])
      let interval = (figures["EER"] as? [String: Any])?["interval"] as? [Double]
      let eer = (runs[0]["evaluation"] as? [String: Any])?["eer"] as? [String: Any]
      #expect(eer?["interval"] as? [Double] == interval)
    }

    @Test func `what is no run, or has no step, is refused in a line`() throws {
      try SmallRun.with { run in
        try FileSystem.createFolder(run.path("empty/checkpoints"))
        for command in ["report", "compare"] {
          expectUsage(try svdist([command]), "<run>")
          expectRefusal(try svdist([command, run.path("none")]), 65, "is no run folder")
          expectRefusal(try svdist([command, run.corpus.path]), 65, "is no run folder")
          expectRefusal(try svdist([command, run.path("empty")]), 65, "no step was taken yet")
          expectRefusal(try svdist([command, run.path("empty"), run.path("empty/")]), 64, "is the same run as")
          expectUsage(try svdist([command, run.path("empty"), "--resamples", "7"]), "--resamples")
        }
        let nowhere = run.path("nowhere/page.html")
        expectRefusal(try svdist(["report", run.path("empty"), "-o", nowhere]), 64, "there is no folder")
      }
    }
  }
}
