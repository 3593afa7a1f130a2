import DistTrain
import Foundation
import TestTools
import Testing

/// Embeddings of an encoder beside those of what is exported of it, with made-up interpreters in the place of Python.
@Suite struct ExportCheckTests {
  private let folder: TestFolder
  private let encoder: TrainedEncoder
  private let words = EncoderExport.Words(language: "x", version: "1")

  init() throws {
    folder = try TestFolder()
    let configuration = try Configuration.load(
      file: nil, overrides: ["encoder={channels: 8, aggregation: 12, embedding: 5}", "features.bins=24"])
    let layout = configuration.network.layout
    let tensors = [layout.parameters, layout.statistics].flatMap { layout in
      let values = Matrix(rows: 1, columns: layout.count)
      layout.initialise(values.pointer, seed: 3)
      return layout.parameters.map {
        NamedTensor(name: $0.name, shape: $0.shape, buffer: values.buffer, offset: $0.offset)
      }
    }
    let path = folder.path("model.safetensors")
    try SafetensorsFile.write(tensors, metadata: configuration.encoderMetadata, to: path)
    encoder = try TrainedEncoder(path)
  }

  /// A data directory of so many utterances of 0.5 s, and one that lasts 0.05 s.
  private func corpus(_ count: Int) throws -> String {
    for index in 0..<count {
      try folder.writeWave(
        "c/u\(index).wav", samples: NoiseCorpus.noise(speaker: index % 4, utterance: index / 4, seconds: 0.5))
    }
    try folder.writeTone("c/short.wav", seconds: 0.05)
    let names = (0..<count).map { "u\($0)" } + ["short"]
    try folder.write("c/wav.scp", names.map { "\($0) \($0).wav\n" }.joined())
    try folder.write("c/utt2spk", names.map { "\($0) s\n" }.joined())
    try folder.write("c/utt2dur", names.map { "\($0) \($0 == "short" ? 0.05 : 0.5)\n" }.joined())
    return folder.path("c")
  }

  /// A runtime that keeps what it is given as `inputs`, and gives these numbers behind a name.
  private func runtime(_ values: [Float], name: String = "fake 1.2") throws -> GraphRuntime {
    try folder.write("prepared", Array("\(name)\n".utf8) + values.withUnsafeBytes { Array($0) })
    return try runtime(script: "cp \"$4\" \(folder.path("inputs")) && cat \(folder.path("prepared")) > \"$5\"")
  }

  private func runtime(script: String) throws -> GraphRuntime {
    let path = try folder.write("python", "#!/bin/sh\n\(script)\n")
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
    return GraphRuntime(["SVDIST_PYTHON": path])
  }

  private func samples(_ index: Int) -> [Float] {
    NoiseCorpus.noise(speaker: index % 4, utterance: index / 4, seconds: 0.5)
  }

  private func embedding(_ index: Int) throws -> [Float] {
    try encoder.extractor.embedding(of: samples(index), name: "u\(index)")
  }

  /// The inputs that the runtime was given: dimensions and elements.
  private func inputs() throws -> [(shape: [Int64], values: [Float])] {
    var bytes = try InputFile.contents(of: folder.path("inputs"))[...]
    func take<Value>(_ count: Int, of type: Value.Type) -> [Value] {
      let size = count * MemoryLayout<Value>.size
      defer { bytes = bytes.dropFirst(size) }
      return Array(bytes.prefix(size)).withUnsafeBytes { Array($0.bindMemory(to: type)) }
    }
    var found: [(shape: [Int64], values: [Float])] = []
    while !bytes.isEmpty {
      let shape = take(Int(take(1, of: Int64.self)[0]), of: Int64.self)
      found.append((shape, take(Int(shape.reduce(1, *)), of: Float.self)))
    }
    return found
  }

  private func result(_ outcome: ExportCheck.Outcome) throws -> ExportCheck.Result {
    guard case .agrees(let result) = outcome else {
      Issue.record("\(outcome)")
      throw Failure(.failed, "nothing was compared")
    }
    return result
  }

  @Test func `a graph gets each utterance's features, frame by frame, and its embeddings are compared`() throws {
    let check = try ExportCheck(encoder, corpus: corpus(7), utterances: 3)
    #expect(check.note == nil)
    // Evenly spread, from the first on.
    let chosen = [0, 2, 4]
    let vectors = try chosen.map(embedding)
    let twice = vectors.flatMap { $0 }.map { 2 * $0 }
    let shown = CountedWork()
    let result = try result(check.run(.onnx, words, runtime: runtime(twice), counting: shown.counting))
    #expect(shown.works == [.init("utterances embedded", count: 3, done: 3, isOver: true)])
    #expect(abs(result.leastCosine - 1) < 1e-12 && result.utterances == 3 && result.runtime == "fake 1.2")
    #expect(result.words == "least cosine 1.00000000 over 3 utterances of \(folder.path("c")) (fake 1.2)")
    for (index, input) in zip(chosen, try inputs()) {
      let features = FilterBank(FrontEnd(bins: 24)).features(of: samples(index), dither: nil)
      #expect(input.shape == [1, Int64(features.columns), 24])
      let frames = (0..<features.columns).flatMap { frame in (0..<24).map { features[$0, frame] } }
      #expect(input.values == frames, "u\(index)")
    }
    #expect(try inputs().count == 3)
    _ = try self.result(check.run(.onnx, words, input: .waveforms, runtime: runtime(twice)))
    for (index, input) in zip(chosen, try inputs()) {
      #expect(input.shape == [1, 8000] && input.values == samples(index))
    }
  }

  @Test func `embeddings that differ are told with their utterance`() throws {
    let check = try ExportCheck(encoder, corpus: corpus(2), utterances: 9)
    let note = try #require(check.note)
    #expect(note.contains("has 2 utterances of 0.1 s or more, fewer than the 9 asked for"), "\(note)")
    var values = try [0, 1].flatMap(embedding)
    let right = values
    // Five nines are too few.
    let length = values[5...].reduce(0) { $0 + $1 * $1 }.squareRoot()
    let other: [Float] = [values[6], -values[5], 0, 0, 0]
    let width = (other[0] * other[0] + other[1] * other[1]).squareRoot()
    for (tangent, isAllowed) in [(0.0045 as Float, false), (0.0043, true)] {
      values = right
      for index in 0..<5 { values[5 + index] += tangent * length * other[index] / width }
      let failure = failure {
        let least = try result(check.run(.onnx, words, runtime: runtime(values))).leastCosine
        #expect(abs(least - 0.99999076) < 1e-6)
      }
      #expect((failure == nil) == isAllowed, "\(failure?.message ?? "")")
      guard let failure else { continue }
      #expect(failure.kind == .failed)
      #expect(failure.message.hasPrefix("utterance u1 (\(folder.path("c"))/u1.wav): its embedding by fake 1.2 has a"))
    }
    let wrong: [([Float], String)] = [
      (Array(right.dropLast(5)) + [.nan, 0, 0, 0, 0], "utterance u1"), (right.map { -$0 }, "utterance u0"),
      (Array(right.dropLast()), "fake 1.2 made 9 numbers of 2 utterances, where embeddings have 5"),
    ]
    for (values, message) in wrong {
      let failure = failure { _ = try check.run(.onnx, words, runtime: runtime(values)) }
      #expect(failure?.kind == .failed && failure?.message.contains(message) == true, "\(failure?.message ?? "")")
    }
  }

  @Test(arguments: [
    (
      "echo 'Traceback' >&2; echo \"  ModuleNotFoundError: No module named 'onnxruntime'\" >&2; exit 1",
      "ModuleNotFoundError"
    ),
    ("exit 3", "ended with status 3"), ("kill -9 $$", "ended with status 137"), ("exit 0", "ended without a result"),
  ])
  func `a runtime that fails compares nothing, and says why`(script: String, reason: String) throws {
    let check = try ExportCheck(encoder, corpus: corpus(2), utterances: 1)
    guard case .notCompared(let said) = try check.run(.huggingface, words, runtime: runtime(script: script)) else {
      Issue.record("something was compared")
      return
    }
    #expect(said.hasPrefix("\(folder.path("python")): \(reason)"), "\(said)")
  }

  @Test func `an interpreter that is not there compares nothing`() throws {
    let check = try ExportCheck(encoder, corpus: corpus(2), utterances: 1)
    let runtime = GraphRuntime(["SVDIST_PYTHON": folder.path("none")])
    guard case .notCompared(let said) = try check.run(.onnx, words, runtime: runtime) else {
      Issue.record("something was compared")
      return
    }
    #expect(said == "cannot start \(folder.path("none")): No such file or directory")
  }

  @Test func `other forms are read back`() throws {
    let check = try ExportCheck(encoder, corpus: corpus(3), utterances: 3)
    let result = try result(check.run(.safetensors, words))
    #expect(abs(result.leastCosine - 1) < 1e-12 && result.runtime == "svdist 1, which read it back")
    let refusal = failure { _ = try check.run(.wespeaker, words) }
    #expect(refusal?.kind == .usage)
  }

  @Test func `a corpus without an utterance that is long enough is refused`() throws {
    let path = try corpus(0)
    let refusal = failure { _ = try ExportCheck(encoder, corpus: path, utterances: 1) }
    #expect(refusal?.kind == .badData)
    #expect(
      refusal?.message == "\(path): has no utterance of 0.1 s or more, as this encoder takes: name another corpus")
  }

  @Test func `a result goes into metadata and model card`() throws {
    var words = words
    words.check = ExportCheck.Result(
      leastCosine: 0.99999912345, utterances: 20, runtime: "fake 1", corpus: "/home/me/data/vox1")
    let metadata = ["verified.cosine": "0.99999912", "verified.utterances": "20", "verified.runtime": "fake 1"]
    _ = try EncoderExport.safetensors.write(encoder, words, to: folder.path("x.safetensors"))
    let file = try SafetensorsFile(path: folder.path("x.safetensors"))
    #expect(file.metadata == encoder.settings.merging(metadata) { $1 })
    _ = try EncoderExport.huggingface.write(encoder, words, to: folder.path("hub"))
    let card = try folder.read("hub/README.md")
    let line = "over 20 utterances of `data/vox1`, the least cosine of an embedding with that by fake 1 is 0.99999912."
    #expect(card.contains(line) && !card.contains("/home/me"))
    let graph = try Data(contentsOf: URL(fileURLWithPath: folder.path("hub/model.onnx")))
    for text in metadata.flatMap({ [$0, $1] }) { #expect(graph.range(of: Data(text.utf8)) != nil, "\(text)") }
    #expect(try TrainedEncoder(file.path).identity == encoder.identity)
  }
}
