import DistTrain
import Foundation
import TestCorpora
import Testing

extension ProgramTests {
  /// SpeechBrain's layout from a run to what its files are read by.
  @Suite struct EncoderLayoutTests {
    private static let settings = ["encoder.layout=speechbrain", "encoder.aggregation=24"]

    private func withRun(_ settings: [String] = settings, _ body: (SmallRun) throws -> Void) throws {
      try SmallRun.with { run in
        try GeneratedCorpus.writeTrials(to: run.corpus, speakers: 4, utterances: 4)
        let outcome = try svdist(run.arguments(steps: 2, settings))
        #expect(outcome.status == 0, "\(outcome.errors)")
        try body(run)
      }
    }

    private func model(_ run: SmallRun) -> String { run.path("run/checkpoints/step-00000002/model.safetensors") }

    @Test func `a run's file names its layout and aggregation, and is evaluated by them`() throws {
      try withRun { run in
        let file = try SafetensorsFile(path: model(run))
        #expect(file.metadata["encoder.layout"] == "speechbrain")
        #expect(file.metadata["encoder.aggregation"] == "24")
        #expect(try file.shape(of: "mfa.conv.conv.weight") == [24, 48, 1])
        #expect(try file.shape(of: "fc.conv.weight") == [16, 48, 1])
        let trials = ["--trials", "\(run.corpus.path)/trials"]
        let outcome = try svdist(["evaluate", "--encoder", run.path("run"), "--corpus", run.corpus.path] + trials)
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.output.hasSuffix("(120 trials, 24 targets)\n"))
        let wav = run.corpus.appending(path: "s0-u0.wav").path
        #expect(try svdist(["verify", wav, wav, "--encoder", model(run)]).output == "cosine 1.0000\n")
      }
    }

    @Test func `a run and a checkpoint of the other layout are refused`() throws {
      try withRun { run in
        let words = ["encoder.layout was speechbrain, is wespeaker", "--restart"]
        let arguments = run.arguments(steps: 2, ["encoder.aggregation=24"])
        expectRefusal(try svdist(arguments), 64, words[0], words[1], run.path("run"))
        try FileManager.default.removeItem(atPath: run.path("run/config.yaml"))
        for ranks in [nil, 2] {
          expectRefusal(
            try svdist(arguments, mpi: ranks), 65, words[0], words[1], "step-00000002", underLauncher: ranks != nil)
        }
      }
    }

    @Test func `a file whose tensors are not its layout's is refused`() throws {
      try withRun { run in
        let bytes = try Data(contentsOf: URL(fileURLWithPath: model(run)))
        let text = try #require(bytes.range(of: Data("\"speechbrain\"".utf8)))
        let wav = run.corpus.appending(path: "s0-u0.wav").path
        for (value, words) in [
          ("\"wespeaker\"  ", ["ecapa-tdnn, layout wespeaker", "no tensor layer1.conv.weight"]),
          ("\"wespeaker23\"", ["encoder.layout", "expected one of wespeaker, speechbrain, found wespeaker23"]),
        ] {
          let other = run.path("other.safetensors")
          var edited = bytes
          edited.replaceSubrange(text, with: Data(value.utf8))
          try edited.write(to: URL(fileURLWithPath: other))
          expectRefusal(try svdist(["verify", wav, wav, "--encoder", other]), 65, other, words[0], words[1])
        }
      }
    }

    @Test func `an utterance too short for a reflection is named, and taken where zeros are padded`() throws {
      let anySpeech = ["--minimum-speech", "0"]
      func embed(_ run: SmallRun, _ corpus: URL, mpi ranks: Int? = nil) throws -> Outcome {
        let arguments = ["--encoder", run.path("run"), "--corpus", corpus.path, "--output", run.path("e.txt")]
        return try svdist(["embed"] + arguments + anySpeech, mpi: ranks)
      }
      let settings = Self.settings + ["features.frameShift=20"]
      try withRun(settings) { run in
        let short = run.folder.appending(path: "short")
        // 1,679 samples are four frames, 1,680 five.
        try GeneratedCorpus.write(to: short, speakers: 2, utterances: 2, seconds: 1679 / 16_000)
        try GeneratedCorpus.writeTrials(to: short, speakers: 2, utterances: 2)
        let least = "5 frames (1680 samples)"
        for ranks in [nil, 2] {
          expectRefusal(
            try embed(run, short, mpi: ranks), 65, "utterance s", least, underLauncher: ranks != nil)
        }
        #expect(!FileManager.default.fileExists(atPath: run.path("e.txt")))
        let encoder = ["--encoder", run.path("run")]
        let trials = ["--corpus", short.path, "--trials", short.appending(path: "trials").path]
        expectRefusal(try svdist(["evaluate"] + encoder + trials), 65, "utterance s", least)
        let wav = short.appending(path: "s0-u0.wav").path
        expectRefusal(try svdist(["verify", wav, wav] + encoder + anySpeech), 65, wav, least)
        let held = ["corpus.evaluation=\(short.path)", "corpus.trials=\(short.path)/trials"]
        expectRefusal(
          try svdist(run.arguments(steps: 2, settings + held, into: "held")), 65, "utterance s", least)
        #expect(run.metrics("held").isEmpty)

        let enough = run.folder.appending(path: "enough")
        try GeneratedCorpus.write(to: enough, speakers: 1, utterances: 2, seconds: 1680 / 16_000)
        #expect(try embed(run, enough).status == 0)
      }
      try withRun([]) { run in
        let short = run.folder.appending(path: "short")
        try GeneratedCorpus.write(to: short, speakers: 1, utterances: 2, seconds: 0.1)
        #expect(try embed(run, short).status == 0)
      }
    }
  }
}
