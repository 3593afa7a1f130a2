import Foundation
import TestCorpora
import Testing

extension ProgramTests {
  /// `svdist metrics` on files of scores.
  @Suite struct MetricsCommandTests {
    /// Scores of all pairs of 8 speakers' 3 utterances, with answers.
    private static let scores = (0..<24).flatMap { first in
      (first + 1..<24).map { second in
        let isTarget = first / 3 == second / 3
        let score = Double((first * 37 + second * 101) % 200) / 200 + (isTarget ? 0.7 : 0)
        return "u\(first) u\(second) \(score) \(isTarget ? "target" : "nontarget")"
      }
    }

    private func withScores(_ body: (URL, String) throws -> Void) throws {
      try withTemporaryFolder { folder in
        try body(folder, try write(Self.scores, folder, "scores"))
      }
    }

    private func write(_ lines: [String], _ folder: URL, _ name: String) throws -> String {
      try (lines.joined(separator: "\n") + "\n").write(
        to: folder.appending(path: name), atomically: true, encoding: .utf8)
      return folder.appending(path: name).path
    }

    @Test func `figures have intervals over the speakers that the answers tell`() throws {
      try withScores { _, scores in
        let outcome = try svdist(["metrics", scores])
        #expect(outcome.status == 0, "\(outcome.errors)")
        let lines = outcome.output.split(separator: "\n")
        #expect(lines[0] == "276 trials, 24 targets; 95 % intervals by 1000 resamples of 8 speakers")
        #expect(
          lines.dropFirst().map { $0.prefix { $0 != " " } } == ["EER", "minDCF(0.01)", "minDCF(0.05)", "minCllr"])
        #expect(lines.dropFirst().allSatisfy { $0.contains("[") })
        #expect(try svdist(["metrics", scores]).output == outcome.output)
        let plain = try svdist(["metrics", scores, "--resamples", "0", "--likelihood-ratios", "--prior", "0.5"])
        #expect(
          plain.output.split(separator: "\n").map { $0.prefix { $0 != " " } } == [
            "276", "EER", "minDCF(0.5)", "DCF(0.5)", "Cllr", "minCllr",
          ])
        #expect(!plain.output.contains("["))
      }
    }

    @Test func `another system, groups, mistakes and drawings`() throws {
      try withScores { folder, scores in
        let other = try write(
          Self.scores.map { $0.replacingOccurrences(of: "u1 u2 ", with: "u1 u2 -") }, folder, "other")
        let table = try write(
          ["utterance,sex"] + (0..<24).map { "u\($0),\($0 < 12 ? "f" : "m")" }, folder, "table.csv")
        let plots = folder.appending(path: "plots").path
        let outcome = try svdist([
          "metrics", scores, "--against", other, "--table", table, "--by", "sex", "--worst", "2", "--plots", plots,
          "--json",
        ])
        #expect(outcome.status == 0, "\(outcome.errors)")
        let json = try #require(
          JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
        #expect(json["speakers"] as? Int == 8)
        let figures = try #require(json["figures"] as? [String: [String: Any]])
        #expect((figures["EER"]?["difference"] as? [String: Any])?["p"] is Double)
        let divisions = try #require(json["divisions"] as? [[String: Any]])
        let groups = try #require(divisions.first?["groups"] as? [[String: Any]])
        #expect(groups.compactMap { $0["name"] as? String } == ["f", "m", "f × m"])
        #expect((json["worst"] as? [Any])?.count == 4)
        for name in ["det", "scores", "reliability"] {
          #expect(try String(contentsOfFile: "\(plots)/\(name).svg", encoding: .utf8).hasPrefix("<svg"))
        }
        // Once more over the drawings.
        #expect(try svdist(["metrics", scores, "--plots", plots]).status == 0)
      }
    }

    @Test func `answers may be in a list of their own, and repeated trials are told`() throws {
      try withScores { folder, scores in
        let blind = try write(
          Self.scores.map { $0.split(separator: " ").prefix(3).joined(separator: " ") }, folder, "blind")
        expectRefusal(try svdist(["metrics", blind]), 64, "--trials")
        let answers = Self.scores.map { line in
          let fields = line.split(separator: " ")
          return "\(fields[0]) \(fields[1]) \(fields[3])"
        }
        let trials = try write(answers + [answers[0]], folder, "trials")
        let outcome = try svdist(["metrics", blind, "--trials", trials, "--resamples", "0"])
        #expect(outcome.status == 0)
        #expect(outcome.output.hasPrefix("277 trials, 25 targets\n"))
        #expect(outcome.errors.contains("1 of 277 trials repeat others"))
        let more = try write(answers + ["u0 u99 nontarget"], folder, "more")
        expectRefusal(try svdist(["metrics", scores, "--trials", more]), 65, "u0 u99 has no score")
      }
    }

    @Test func `a threshold is printed, kept, and refused where the list cannot tell it`() throws {
      try withScores { folder, scores in
        let file = folder.appending(path: "threshold.json").path
        let outcome = try svdist(["threshold", scores, "--false-accepts", "0.2", "--output", file])
        #expect(outcome.status == 0, "\(outcome.errors)")
        let lines = outcome.output.split(separator: "\n")
        #expect(lines.map { $0.prefix(6) } == ["thresh", "false ", "misses", "252 no"])
        let json = try svdist(["threshold", scores, "--false-accepts", "0.2", "--json", "--output", file])
        #expect(json.output == (try String(contentsOfFile: file, encoding: .utf8)))
        expectRefusal(try svdist(["threshold", scores, "--false-accepts", "0.001"]), 65, "30000 non-targets")
        expectUsage(try svdist(["threshold", scores, "--false-accepts", "0"]), "--false-accepts: between 0 and 1")
        expectRefusal(
          try svdist(["threshold", scores, "--false-accepts", "0.2", "--output", scores]), 64, "svdist threshold")
      }
    }

    @Test(arguments: [
      (["--by", "sex"], Int32(64), "nothing tells it"), (["--by", "duration"], 64, "--corpus"),
      (["--resamples", "5"], 64, "--resamples"), (["--prior", "1"], 64, "--prior"),
      (["--against", "SCORES", "--resamples", "0"], 64, "--against"), (["--plots", "SCORES"], 64, "is a file"),
      (["--enrolment-map", "SCORES"], 64, "--corpus"), (["--table", "SCORES"], 65, "a row of column names"),
      (["--corpus", "/nonexistent"], 65, "/nonexistent"), (["--worst", "-1"], 64, "--worst"),
    ])
    func `wrong options are refused`(_ arguments: [String], _ status: Int32, _ words: String) throws {
      try withScores { _, scores in
        let given = arguments.map { $0 == "SCORES" ? scores : $0 }
        let outcome = try svdist(["metrics", scores] + given)
        #expect(outcome.status == status && outcome.errors.contains(words), "\(outcome.errors)")
        #expect(outcome.output.isEmpty && !outcome.errors.contains("Fatal error"))
      }
    }

    @Test func `too few speakers, one kind of trials and scores of another sort are refused`() throws {
      try withTemporaryFolder { folder in
        let few = try write(["a b 1 target", "c d 2 target", "a c 0 nontarget", "b d 1 nontarget"], folder, "few")
        expectRefusal(try svdist(["metrics", few]), 65, "2 speakers")
        #expect(try svdist(["metrics", few, "--resamples", "0"]).status == 0)
        let targets = try write(["a b 1 target", "c d 2 target"], folder, "targets")
        expectRefusal(try svdist(["metrics", targets]), 65, "\(targets): all 2 trials are targets")
        let one = try svdist(["fuse", targets, "--by", targets])
        expectRefusal(one, 65, "\(targets): all 2 trials are targets")
        let lists = try write(["a b target"], folder, "lists")
        expectRefusal(try svdist(["metrics", lists]), 65, "line 1")
      }
    }
  }
}
