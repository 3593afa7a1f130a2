import DistTrain
import Foundation
import TestCorpora
import Testing

extension ProgramTests {
  /// `export` of an encoder that a short run left.
  @Suite struct ExportCommandTests {
    private func withEncoder(_ body: (SmallRun) throws -> Void) throws {
      try SmallRun.with { run in
        let outcome = try svdist(run.arguments(steps: 2))
        #expect(outcome.status == 0, "\(outcome.errors)")
        try body(run)
      }
    }

    @Test func `an exported file of tensors embeds as the run does`() throws {
      try withEncoder { run in
        let file = run.path("x.safetensors")
        let outcome = try svdist(["export", run.path("run"), "--output", file])
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.output == "ecapa-tdnn of 16 dimensions in \(file)\n")
        let embeddings = try [run.path("run"), file].enumerated().map { index, encoder in
          let output = run.path("e-\(index).ark")
          let embed = try svdist([
            "embed", "--encoder", encoder, "--corpus", run.corpus.path, "--output", output,
          ])
          #expect(embed.status == 0, "\(embed.errors)")
          return try Data(contentsOf: URL(fileURLWithPath: output))
        }
        #expect(embeddings[0] == embeddings[1])
      }
    }

    @Test func `an exported graph begins as one, replaces an earlier one and says what sherpa-onnx does otherwise`()
      throws
    {
      try withEncoder { run in
        let file = run.path("x.bin")
        for _ in 1...2 {
          let outcome = try svdist([
            "export", run.path("run"), "--format", "onnx", "--output", file, "--language", "en",
          ])
          #expect(outcome.status == 0, "\(outcome.errors)")
          #expect(outcome.output == "ecapa-tdnn of 16 dimensions in \(file)\n")
          #expect(outcome.errors.contains("note: sherpa-onnx would compute other features"))
          #expect(outcome.errors.contains("features.window hamming, there povey"))
        }
        let bytes = try Data(contentsOf: URL(fileURLWithPath: file))
        #expect(bytes.prefix(10) == Data([0x08, 8, 0x12, 6] + "svdist".utf8))
        #expect(bytes.range(of: Data("layer1.conv.weight".utf8)) != nil)
        #expect(bytes.range(of: Data("front_end.spectrum".utf8)) == nil)
        let outcome = try svdist(["export", run.path("run"), "--format", "onnx", "--output", file, "--waveform"])
        #expect(outcome.status == 0 && outcome.errors.range(of: "sherpa-onnx") == nil, "\(outcome.errors)")
        let waveforms = try Data(contentsOf: URL(fileURLWithPath: file))
        #expect(waveforms.range(of: Data("front_end.spectrum".utf8)) != nil)
        #expect(waveforms.range(of: Data("feature_normalize_type".utf8)) == nil)
      }
    }

    @Test func `what cannot be written is refused in one line, and nothing is left`() throws {
      try withEncoder { run in
        let source = run.path("run/checkpoints/step-00000002/model.safetensors")
        func refuse(_ output: String, _ words: String, _ options: [String] = [], of encoder: String? = nil) throws {
          let outcome = try svdist(["export", encoder ?? run.path("run"), "--output", output] + options)
          expectRefusal(outcome, 64, words)
        }
        try refuse(run.path("x.pt"), "onnx, safetensors, wespeaker, speechbrain or huggingface")
        try refuse(run.path("x.onnx"), "--format torch: onnx, safetensors, wespeaker, ", ["--format", "torch"])
        try refuse(run.path("x.safetensors"), "--waveform: is for --format onnx alone", ["--waveform"])
        try refuse(run.path("no/x.onnx"), "there is no folder \(run.path("no"))")
        try refuse(source, "is what export reads")
        try refuse(source, "is what export reads", ["--format", "onnx"], of: source)
        let wav = run.corpus.appending(path: "s0-u0.wav").path
        try refuse(wav, "holds no ONNX model", ["--format", "onnx"])
        try refuse(wav, "holds no encoder", ["--format", "safetensors"])
        expectRefusal(try svdist(["export", run.path("none"), "--output", run.path("x.onnx")]), 65, run.path("none"))
        #expect(!FileManager.default.fileExists(atPath: run.path("x.onnx")))
      }
    }

    @Test func `a graph of an encoder that was trained with sherpa-onnx's features goes out without a note`() throws {
      try SmallRun.with { run in
        let training = try svdist(run.arguments(steps: 2, ["features={profile: sherpa, bins: 80}"]))
        #expect(training.status == 0, "\(training.errors)")
        let outcome = try svdist(["export", run.path("run"), "--output", run.path("x.onnx")])
        #expect(outcome.status == 0 && !outcome.errors.contains("sherpa-onnx"), "\(outcome.errors)")
      }
    }

    /// `SmallRun`'s sizes of encoders that wespeaker and SpeechBrain have.
    private static let forms = [
      ("wespeaker", "encoder={type: x-vector, channels: 8, statistics: 12}", ["avg_model.pt", "config.yaml"]),
      (
        "speechbrain", "encoder={layout: speechbrain, channels: 16, aggregation: 24}",
        ["embedding_model.ckpt", "hyperparams.yaml"]
      ),
      (
        "huggingface", "encoder={channels: 16, aggregation: 24}",
        ["README.md", "config.json", "model.onnx", "model.safetensors"]
      ),
    ]

    @Test(arguments: forms)
    func `a folder of another toolkit's is whole, and is imported as the encoder that it was`(
      form: String, encoder: String, files: [String]
    ) throws {
      try SmallRun.with { run in
        let training = try svdist(run.arguments(steps: 2, encoder: [encoder]))
        #expect(training.status == 0, "\(training.errors)")
        let folder = run.path("out")
        let outcome = try svdist(["export", run.path("run"), "--format", form, "--output", folder])
        #expect(
          outcome.status == 0 && outcome.output.hasSuffix(" of 16 dimensions in \(folder)\n"), "\(outcome.errors)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == files)
        let imported = run.path("imported.safetensors")
        let reading = try svdist(["import", folder, "--output", imported])
        #expect(reading.status == 0, "\(reading.errors)")
        let wavs = ["s0-u0", "s1-u1"].map { "\(run.corpus.path)/\($0).wav" }
        let scores = try [run.path("run"), imported].map { try svdist(["verify", "--encoder", $0] + wavs).output }
        #expect(scores[0] == scores[1])
        let again = try svdist(["export", run.path("run"), "--format", form, "--output", folder])
        expectRefusal(again, 64, "\(folder): exists and is not empty: choose another --output, or empty it")
      }
    }

    @Test func `an encoder that a toolkit does not have is refused, and nothing is left`() throws {
      try withEncoder { run in
        for (form, words) in [
          ("wespeaker", "encoder.aggregation is 96, its ECAPA-TDNN has 1536 alone: take --format safetensors"),
          ("speechbrain", "only encoder.layout speechbrain is its own: take --format wespeaker"),
        ] {
          let outcome = try svdist(["export", run.path("run"), "--format", form, "--output", run.path("out")])
          expectRefusal(outcome, 64, words)
          #expect(!FileManager.default.fileExists(atPath: run.path("out")))
        }
        let card = try svdist([
          "export", run.path("run"), "--format", "huggingface", "--output", run.path("card"), "--language", "en",
        ])
        #expect(card.errors.contains("note: \(run.path("card"))/README.md: fill in what is marked"))
        let text = try String(contentsOfFile: run.path("card/README.md"), encoding: .utf8)
        #expect(text.contains("language:\n- \"en\"\n") && text.contains("- steps: 2\n"))
        #expect(text.contains("/corpus`") && !text.contains(run.corpus.path))
      }
    }

    @Test func `an empty language is refused`() throws {
      let outcome = try svdist(["export", "run", "--output", "x.onnx", "--language", ""])
      #expect(outcome.status == 64 && outcome.errors.contains("--language: empty"), "\(outcome.errors)")
    }
  }
}
