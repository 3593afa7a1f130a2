import DistTrain
import Foundation
import TestCorpora
import Testing

extension ProgramTests {
  /// Another toolkit's weights, which are a run's own without what svdist says of them.
  @Suite struct ImportCommandTests {
    private func withWeights(_ body: (_ run: SmallRun, _ own: String, _ foreign: String) throws -> Void) throws {
      try SmallRun.with { run in
        try GeneratedCorpus.writeTrials(to: run.corpus, speakers: 4, utterances: 4)
        let training = try svdist(run.arguments(steps: 2))
        #expect(training.status == 0, "\(training.errors)")
        let own = run.path("run/checkpoints/step-00000002/model.safetensors")
        let foreign = run.path("weights.safetensors")
        try SafetensorsFile.write(try tensors(of: own), to: foreign)
        try body(run, own, foreign)
      }
    }

    private func tensors(of path: String) throws -> [NamedTensor] {
      let file = try SafetensorsFile(path: path)
      return try file.names.map {
        NamedTensor(name: "module.\($0)", shape: try file.shape(of: $0), values: try file.values(of: $0))
      }
    }

    @Test func `an imported encoder is evaluated and verified as the one that it was`() throws {
      try withWeights { run, own, foreign in
        let output = run.path("encoder.safetensors")
        let outcome = try svdist(["import", foreign, "--output", output])
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(
          outcome.output.hasPrefix("encoder    wespeaker's ECAPA-TDNN: ecapa-tdnn, layout wespeaker, channels 16,"))
        #expect(outcome.output.contains("\nfront end  bins 24,"))
        #expect(
          outcome.errors.contains("note: left out: 1 tensor of a classifier or loss (module.projection.weight)\n"))
        let trials = ["--corpus", run.corpus.path, "--trials", "\(run.corpus.path)/trials"]
        let wavs = ["s0-u0", "s1-u1"].map { "\(run.corpus.path)/\($0).wav" }
        for arguments in [["evaluate"] + trials, ["verify"] + wavs] {
          let before = try svdist(arguments + ["--encoder", own])
          let after = try svdist(arguments + ["--encoder", output])
          #expect(after.status == 0 && after.output == before.output, "\(after.errors)")
        }
      }
    }

    @Test func `svdist's own file is imported as the encoder that it is, with a note`() throws {
      try withWeights { run, own, _ in
        let output = run.path("encoder.safetensors")
        let outcome = try svdist(["import", own, "--output", output])
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.errors.contains("note: \(own) is svdist's own encoder already: --encoder takes it as it is\n"))
        #expect(try TrainedEncoder(output).identity == TrainedEncoder(own).identity)
      }
    }

    @Test func `what does not fit is listed, and nothing is written, or written over`() throws {
      try withWeights { run, own, foreign in
        let output = run.path("encoder.safetensors")
        let short = run.path("short.safetensors")
        try SafetensorsFile.write(try tensors(of: own).filter { !$0.name.hasSuffix("linear.bias") }, to: short)
        let outcome = try svdist(["import", short, "--output", output])
        expectRefusal(outcome, 65, "\(short): wespeaker's ECAPA-TDNN", "1 missing (linear.bias)")
        #expect(outcome.errors.contains("note: missing: linear.bias\n"))
        expectRefusal(try svdist(["import", foreign, "--output", foreign]), 64, "SOURCE reads")
        expectRefusal(try svdist(["import", foreign, "--output", short]), 64, "is there already")
        #expect(!FileManager.default.fileExists(atPath: output))
        #expect(try svdist(["import", foreign, "--output", output, "--front-end", "kaldi"]).status == 64)
      }
    }
  }
}
