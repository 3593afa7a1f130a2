import DistTrain
import Foundation
import TestTools
import Testing

/// What is said of a path that is no encoder of svdist's.
@Suite struct EncoderChoiceTests {
  private let folder: TestFolder

  init() throws { folder = try TestFolder() }

  private func message(_ name: String) throws -> String {
    let path = folder.path(name)
    let refusal = try #require(failure { _ = try EncoderChoice(path) })
    #expect(refusal.kind == .badData)
    #expect(refusal.message.hasPrefix("\(path): "), "\(refusal.message)")
    return String(refusal.message.dropFirst(path.count + 2))
  }

  @Test(arguments: ["weights.pt", "weights.pth", "pytorch_model.bin", "last.ckpt", "no-suffix"])
  func `weights of PyTorch's are what svdist import takes`(name: String) throws {
    for fixture in ["torch-state.pt", "torch-lightning.ckpt", "torch-xvector.pt"] {
      try folder.write(name, InputFile.contents(of: Golden.url(fixture).path))
      let path = folder.path(name)
      #expect(
        try message(name)
          == "is a file of another toolkit's weights: make it one of svdist's with svdist import \(path) --output "
          + "encoder.safetensors")
    }
  }

  @Test func `a graph, a configuration, a log and arrays are called what they are`() throws {
    try folder.write("e.onnx", InputFile.contents(of: Golden.url("graph.onnx").path))
    #expect(
      try message("e.onnx").hasPrefix(
        "is an ONNX graph: make it one of svdist's with svdist import \(folder.path("e.onnx"))"))
    for name in ["config.yaml", "c.yml"] {
      try folder.write(name, "seed: 1\n")
      #expect(try message(name) == "is a configuration, not an encoder: give the run's folder or its checkpoint")
    }
    try folder.write("run/config.yaml", "seed: 1\n")
    try folder.write("run/metrics.jsonl", "{}\n")
    try FileSystem.createFolder(folder.path("run/checkpoints"))
    let run = folder.path("run")
    #expect(
      try message("run/config.yaml")
        == "is a configuration, not an encoder: give the run folder \(run) or its checkpoint")
    #expect(
      try message("run/metrics.jsonl") == "is a log, not an encoder: give the run folder \(run) or its checkpoint")
    try folder.write("e.npz", Array("PK\u{3}\u{4}".utf8))
    try folder.write("e.npy", [0x93] + Array("NUMPY".utf8))
    try folder.write("e", [0x93] + Array("NUMPY".utf8))
    for name in ["e.npz", "e.npy", "e"] { #expect(try message(name).hasPrefix("holds arrays of NumPy, ")) }
  }

  @Test(arguments: [
    ("wav.scp", ", but a data directory (wav.scp): give the encoder, "),
    ("shard.list", ", but a data directory (shard.list): give the encoder, "),
    ("avg_model.pt", ", but another toolkit's encoder (avg_model.pt): make it one of svdist's with svdist import "),
    ("embedding_model.ckpt", ", but another toolkit's encoder (embedding_model.ckpt): "),
    ("model.onnx", ", but the folder of an ONNX graph (model.onnx): "),
    ("notes.txt", " (no model.safetensors in it)"),
  ])
  func `a folder without an encoder is called by what it has`(name: String, words: String) throws {
    try folder.write("f/\(name)", "")
    let said = try message("f")
    #expect(said.hasPrefix("neither a run folder nor a checkpoint\(words)"), "\(said)")
  }

  @Test func `the folder of a run's checkpoints leads to the run`() throws {
    try FileSystem.createFolder(folder.path("run/checkpoints/step-00000003"))
    #expect(
      try message("run/checkpoints").hasSuffix(
        "but the checkpoints of a run: give the run folder \(folder.path("run")), or one of them"))
  }

  @Test func `an encoder of svdist's is taken under any name, and a file that is not there is told`() throws {
    let tensor = NamedTensor(name: "x", shape: [1], values: [1])
    for name in ["mine.pt", "mine.yaml", "mine.onnx"] {
      try SafetensorsFile.write([tensor], metadata: [:], to: folder.path(name))
      #expect(try EncoderChoice(folder.path(name)).file == folder.path(name))
    }
    let missing = failure { _ = try SafetensorsFile(path: EncoderChoice(folder.path("none.pt")).file) }
    #expect(missing?.kind == .badData && missing?.message.contains("No such file") == true)
  }
}
