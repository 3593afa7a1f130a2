import DistTrain
import Foundation
import Testing

extension ProgramTests {
  /// `export --verify`, with made-up interpreters in the place of Python.
  @Suite struct VerifiedExportTests {
    private func withEncoder(_ body: (SmallRun) throws -> Void) throws {
      try SmallRun.with { run in
        let outcome = try svdist(run.arguments(steps: 2))
        #expect(outcome.status == 0, "\(outcome.errors)")
        try FileManager.default.createDirectory(atPath: run.path("tmp"), withIntermediateDirectories: true)
        try body(run)
      }
    }

    /// An interpreter that does what a script says, for the environment of svdist, whose temporary files go to the run.
    private func interpreter(_ run: SmallRun, _ script: String) throws -> [String: String] {
      let path = run.path("python")
      try "#!/bin/sh\n\(script)\n".write(toFile: path, atomically: true, encoding: .utf8)
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
      return ["SVDIST_PYTHON": path, "TMPDIR": run.path("tmp")]
    }

    /// The embeddings of utterances behind a runtime's name, as an interpreter writes them.
    private func writeEmbeddings(_ run: SmallRun, of names: [String], to file: String) throws {
      let outcome = try svdist([
        "embed", "--encoder", run.path("run"), "--corpus", run.corpus.path, "--output", run.path("e.safetensors"),
      ])
      #expect(outcome.status == 0, "\(outcome.errors)")
      let embeddings = try EmbeddingFile.read(run.path("e.safetensors"))
      let values = try names.flatMap { name in
        let row = try #require(embeddings.names.firstIndex(of: name))
        return (0..<embeddings.vectors.columns).map { embeddings.vectors[row, $0] }
      }
      try (Data("fake 1.2\n".utf8) + values.withUnsafeBytes { Data($0) }).write(to: URL(fileURLWithPath: file))
    }

    private func export(
      _ run: SmallRun, to output: String, _ options: [String] = [], environment: [String: String] = [:]
    ) throws -> Outcome {
      try svdist(
        ["export", run.path("run"), "--output", output, "--verify", run.corpus.path] + options,
        environment: environment)
    }

    private func expectNothing(_ run: SmallRun, at output: String) throws {
      #expect(!FileManager.default.fileExists(atPath: output))
      #expect(try FileManager.default.contentsOfDirectory(atPath: run.path("tmp")).isEmpty)
      #expect(run.leftovers().isEmpty)
    }

    @Test func `a graph that a runtime computes alike is written, and the cosine is told and stored`() throws {
      try withEncoder { run in
        try writeEmbeddings(run, of: ["s0-u0", "s1-u1", "s2-u2"], to: run.path("prepared"))
        let environment = try interpreter(run, "cat \(run.path("prepared")) > \"$5\"")
        let options = ["--verify-utterances", "3"]
        let outcome = try export(run, to: run.path("x.onnx"), options, environment: environment)
        #expect(outcome.status == 0, "\(outcome.errors)")
        let line = "verified: least cosine 1.00000000 over 3 utterances of \(run.corpus.path) (fake 1.2)\n"
        #expect(outcome.output == "ecapa-tdnn of 16 dimensions in \(run.path("x.onnx"))\n" + line)
        let graph = try Data(contentsOf: URL(fileURLWithPath: run.path("x.onnx")))
        #expect(graph.range(of: Data("verified.cosine".utf8)) != nil)
        let hub = try export(
          run, to: run.path("hub"), options + ["--format", "huggingface"], environment: environment)
        #expect(hub.status == 0 && hub.output.hasSuffix(line), "\(hub.errors)")
        let card = try String(contentsOfFile: run.path("hub/README.md"), encoding: .utf8)
        #expect(card.contains("with that by fake 1.2 is 1.00000000."))
        #expect(try FileManager.default.contentsOfDirectory(atPath: run.path("tmp")).isEmpty)
      }
    }

    @Test func `without the runtime the export is written, and status and line say that it is not verified`() throws {
      try withEncoder { run in
        let file = run.path("x.onnx")
        let absent = ["SVDIST_PYTHON": run.path("none"), "TMPDIR": run.path("tmp")]
        let missing = try interpreter(run, "echo \"ModuleNotFoundError: No module named 'onnxruntime'\" >&2; exit 1")
        for (environment, reason) in [
          (absent, "cannot start \(run.path("none")): No such file"), (missing, "ModuleNotFoundError: No module named"),
        ] {
          let outcome = try export(run, to: file, environment: environment)
          expectRefusal(outcome, 1, "\(file): is written, but not verified: ", reason, "SVDIST_PYTHON")
          #expect(outcome.output == "ecapa-tdnn of 16 dimensions in \(file)\n")
          let graph = try Data(contentsOf: URL(fileURLWithPath: file))
          #expect(graph.count > 1000 && graph.range(of: Data("verified.".utf8)) == nil)
          try FileSystem.remove(file)
          try expectNothing(run, at: file)
        }
      }
    }

    @Test func `a graph that a runtime computes otherwise is not written`() throws {
      try withEncoder { run in
        // The second utterance's embedding is another one's.
        try writeEmbeddings(run, of: ["s0-u0", "s3-u3"], to: run.path("prepared"))
        let environment = try interpreter(run, "cat \(run.path("prepared")) > \"$5\"")
        for (form, name) in [("onnx", "x.onnx"), ("huggingface", "hub")] {
          let outcome = try export(
            run, to: run.path(name), ["--verify-utterances", "2", "--format", form], environment: environment)
          expectRefusal(outcome, 1, "\(run.path(name)): is not written: utterance s2-u0 (", "less than 0.99999")
          try expectNothing(run, at: run.path(name))
        }
      }
    }

    @Test func `tensors are read back, and a folder of another toolkit's as svdist imports it`() throws {
      try SmallRun.with { run in
        let encoder = ["encoder={type: x-vector, channels: 8, statistics: 12}"]
        let training = try svdist(run.arguments(steps: 2, encoder: encoder))
        #expect(training.status == 0, "\(training.errors)")
        for (form, name) in [("safetensors", "x.safetensors"), ("wespeaker", "folder")] {
          let outcome = try export(
            run, to: run.path(name), ["--format", form], environment: ["SVDIST_PYTHON": run.path("none")])
          #expect(outcome.status == 0, "\(outcome.errors)")
          #expect(outcome.output.contains("verified: least cosine 1.00000000 over 16 utterances of"))
          #expect(outcome.output.hasSuffix(", which read it back)\n"))
          #expect(outcome.errors.contains("has 16 utterances of 0.1"), "\(outcome.errors)")
        }
        let file = try SafetensorsFile(path: run.path("x.safetensors"))
        #expect(file.metadata["verified.utterances"] == "16")
      }
    }

    @Test func `a corpus that cannot be compared on is refused before anything is written`() throws {
      try withEncoder { run in
        let file = run.path("x.safetensors")
        func refuse(_ corpus: String, _ status: Int32, _ words: String, _ options: [String] = []) throws {
          let outcome = try svdist(
            ["export", run.path("run"), "--output", file, "--verify", corpus] + options,
            environment: ["TMPDIR": run.path("tmp")])
          expectRefusal(outcome, status, words)
          try expectNothing(run, at: file)
        }
        try refuse(run.path("none"), 65, run.path("none"))
        try refuse(run.corpus.appending(path: "wav.scp").path, 65, "wav.scp")
        try FileManager.default.createDirectory(atPath: run.path("empty"), withIntermediateDirectories: true)
        try refuse(run.path("empty"), 65, run.path("empty"))
        try FileSystem.remove(run.path("corpus/s0-u0.wav"))
        try refuse(run.corpus.path, 65, "s0-u0.wav")
        for options in [["--verify-utterances", "0", "--verify", "x"], ["--verify-utterances", "3"]] {
          let outcome = try svdist(["export", run.path("run"), "--output", file] + options)
          #expect(outcome.status == 64 && outcome.errors.contains("--verify-utterances"), "\(outcome.errors)")
        }
      }
    }

    @Test(arguments: [SIGINT, SIGTERM])
    func `a signal ends the interpreter and leaves nothing`(signal: Int32) throws {
      try withEncoder { run in
        let environment = try interpreter(run, "echo $$ > \(run.path("pid")); exec sleep 100")
        let program = try Program(
          "svdist", ["export", run.path("run"), "--output", run.path("x.onnx"), "--verify", run.corpus.path],
          environment: environment)
        func pid() -> Int32? {
          let text = try? String(contentsOfFile: run.path("pid"), encoding: .utf8)
          return text.flatMap { Int32($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
        }
        try program.wait { pid() != nil }
        program.send(signal)
        let outcome = try program.finish()
        expectRefusal(outcome, 75, "stopped by \(StopRequest.name(signal)): nothing was written")
        let child = try #require(pid())
        #expect(kill(child, 0) != 0)
        try expectNothing(run, at: run.path("x.onnx"))
      }
    }
  }
}
