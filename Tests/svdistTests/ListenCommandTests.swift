import DistTrain
import Foundation
import Testing

extension ProgramTests {
  @Suite struct ListenCommandTests {
    private func arguments(_ run: SmallRun, _ settings: [String], into name: String) -> [String] {
      let all = ["corpus.train=\(run.corpus.path)", "crop.seconds=0.4", "batch.speakers=3"] + settings
      return ["listen", "--output", run.path(name), "--count", "5"] + all.flatMap { ["--set", $0] }
    }

    @Test func `pairs are the first augmented rows, with what was done to each`() throws {
      try SmallRun.with { run in
        let settings = [
          "augmentation={noise: \(run.corpus.path), probability: 1}",
          "augmentation.codec={probability: 1, kinds: [gsm]}",
        ]
        for name in ["one", "two"] {
          let outcome = try svdist(arguments(run, settings, into: name))
          #expect(outcome.status == 0, "\(outcome.errors)")
        }
        let files = try FileManager.default.contentsOfDirectory(atPath: run.path("one")).sorted()
        let names = (1...5).flatMap { ["00\($0)-augmented.wav", "00\($0)-clean.wav"] }
        #expect(files == names + ["pairs.tsv"])
        for file in files {
          let contents = ["one", "two"].map { FileManager.default.contents(atPath: run.path("\($0)/\(file)")) }
          #expect(contents[0] == contents[1])
        }
        let clean = try Waveform.read(path: run.path("one/001-clean.wav"))
        let augmented = try Waveform.read(path: run.path("one/001-augmented.wav"))
        #expect(clean.count == 6400 && augmented.count == 6400 && clean != augmented)
        let lines = try String(contentsOfFile: run.path("one/pairs.tsv"), encoding: .utf8).split(separator: "\n")
          .map { $0.split(separator: "\t", omittingEmptySubsequences: false) }
        #expect(lines.count == 6 && lines.allSatisfy { $0.count == 12 })
        for line in lines.dropFirst() {
          #expect(line[4] == "1" && line[6] == "noise" && line[8].hasSuffix(".wav") && line[9] == "gsm", "\(line)")
        }
      }
    }

    @Test func `without augmentation there is nothing to hear`() throws {
      try SmallRun.with { run in
        expectRefusal(try svdist(arguments(run, [], into: "none")), 64, "no view is augmented")
        #expect(!FileManager.default.fileExists(atPath: run.path("none")))
      }
    }
  }
}
