import DistTrain
import Foundation
import Testing

extension ProgramTests {
  /// The programs of Examples, which see what the library makes public.
  @Suite struct ExamplesTests {
    @Test func `an encoder and a loss of one's own train to the same numbers on two ranks as on one`() throws {
      try SmallRun.with { run in
        let outputs = try [1, 2].map { ranks in
          let outcome = try Program("own-encoder", [run.corpus.path], ranks: ranks).finish()
          #expect(outcome.status == 0, "\(outcome.errors)")
          return outcome.output
        }
        #expect(outputs[0] == outputs[1])
        let lines = outputs[0].split(separator: "\n")
        #expect(lines.count == 20)
        #expect(lines.allSatisfy { line in ["classification", "contrastive", "attraction"].allSatisfy(line.contains) })
        #expect(!outputs[0].contains("nan"))
      }
    }

    @Test func `a shipped encoder trained from Swift has the numbers of svdist`() throws {
      try SmallRun.with { run in
        let arguments = run.arguments(steps: 3)
        let settings = arguments.indices.filter { arguments[$0] == "--set" }.map { arguments[$0 + 1] }
        let configuration = run.path("empty.yaml")
        try Data().write(to: URL(fileURLWithPath: configuration))
        let example = try Program("train-from-swift", [configuration] + settings, ranks: 2).finish()
        #expect(example.status == 0, "\(example.errors)")
        #expect(try svdist(arguments, mpi: 2).status == 0)
        let lines = run.metrics().map {
          "step \($0.step): classification \($0["classification"].loss), α \($0.alpha)\n"
        }
        #expect(lines.count == 3 && example.output == lines.joined(), "\(example.output)")
      }
    }
  }
}
