import DistTrain
import Foundation
import TestTools
import Testing

@Suite struct BackEndFileTests {
  @Test func `a back end that is read scores as the one that was written`() throws {
    try withScratchFolder { folder in
      let golden = try GoldenBackEnds(folder)
      for name in golden.record.cases.map(\.name) {
        let backEnd = try golden.backEnd(name)
        let path = folder + "/b.safetensors"
        try BackEndFile.check(path)
        try BackEndFile.write(backEnd, to: path)
        let again = try BackEndFile.read(path)
        #expect(again.words == backEnd.words && again.encoder == "golden")
        let scores = try [backEnd, again].map { try $0.scores(of: golden.list, golden.trials) }
        // PLDA's doubles are stored in single precision.
        #expect(backEnd.scoring == .plda || scores[0] == scores[1], "\(name)")
        #expect(relativeDistance(scores[0], scores[1]) < 1e-5, "\(name)")
      }
    }
  }

  @Test func `a calibration is kept in full`() throws {
    try withScratchFolder { folder in
      let golden = try GoldenBackEnds(folder)
      let backEnd = try golden.backEnd("as-norm").calibrated(
        on: golden.list, golden.trials, prior: 0.3, qualities: [.magnitudes, .cohortMeans])
      try BackEndFile.write(backEnd, to: folder + "/b.safetensors")
      #expect(try BackEndFile.read(folder + "/b.safetensors").calibration == backEnd.calibration)
    }
  }

  @Test func `embeddings of other dimensions or of another encoder are refused, of an unknown one noted`() throws {
    try withScratchFolder { folder in
      let backEnd = try GoldenBackEnds(folder).backEnd("cosine")
      func embeddings(_ columns: Int, _ encoder: String?) throws -> Embeddings {
        try Embeddings(names: ["a"], vectors: Matrix.zeros(rows: 1, columns: columns), encoder: encoder)
      }
      #expect(try backEnd.check(embeddings(12, "golden"), "--embeddings e") == nil)
      #expect(
        try backEnd.check(embeddings(12, nil), "--embeddings e")?.hasPrefix("--embeddings e: it is not known") == true)
      let other = failure { _ = try backEnd.check(embeddings(12, "silver"), "--embeddings e") }
      #expect(other?.kind == .usage && other?.message.contains("another encoder (silver)") == true)
      let narrow = failure { _ = try backEnd.check(embeddings(11, "golden"), "--embeddings e") }
      #expect(narrow?.kind == .badData && narrow?.message.contains("11 dimensions, the back end is for 12") == true)
    }
  }

  /// The tensors and metadata of a whole file, for a test to change.
  private func changed(
    _ folder: String, _ name: String,
    _ change: (inout [String: (shape: [Int], values: [Float])], inout [String: String]) -> Void
  ) throws -> Failure? {
    let golden = try GoldenBackEnds(folder)
    let path = folder + "/b.safetensors"
    try BackEndFile.write(golden.backEnd(name), to: path)
    let file = try SafetensorsFile(path: path)
    var metadata = file.metadata
    var tensors = try Dictionary(
      uniqueKeysWithValues: file.names.map { ($0, (shape: try file.shape(of: $0), values: try file.values(of: $0))) })
    change(&tensors, &metadata)
    try SafetensorsFile.write(
      tensors.sorted { $0.key < $1.key }.map {
        NamedTensor(name: $0.key, shape: $0.value.shape, values: $0.value.values)
      },
      metadata: metadata, to: path)
    return failure { _ = try BackEndFile.read(path) }
  }

  @Test func `a file that is broken or of another kind is refused with its name`() throws {
    try withScratchFolder { folder in
      func expect(_ words: String, _ failure: Failure?) {
        #expect(failure?.kind == .badData && failure?.message.contains("\(folder)/b.safetensors") == true)
        #expect(failure?.message.contains(words) == true, "\(words): \(failure?.message ?? "none")")
      }
      expect("is no back end", try changed(folder, "cosine") { _, metadata in metadata["format"] = "pt" })
      expect("of version 2", try changed(folder, "cosine") { _, metadata in metadata["version"] = "2" })
      expect("no tensor mean", try changed(folder, "cosine") { tensors, _ in tensors["mean"] = nil })
      expect("not finite", try changed(folder, "cosine") { tensors, _ in tensors["mean"]?.values[3] = .nan })
      expect(
        "has 11 columns, 12 are expected",
        try changed(folder, "lda") { tensors, _ in tensors["lda"] = ([5, 11], [Float](repeating: 1, count: 55)) })
      expect(
        "not those of 6 dimensions",
        try changed(folder, "plda") { tensors, _ in tensors["plda.mean"] = ([5], [1, 2, 3, 4, 5]) })
      expect("not those of 6", try changed(folder, "plda") { tensors, _ in tensors["plda.between"]?.values[5] = -1 })
      expect("has no tensor cohort", try changed(folder, "as-norm") { tensors, _ in tensors["cohort"] = nil })
      expect(
        "the names of its speakers", try changed(folder, "as-norm") { _, metadata in metadata["cohort.speakers"] = "?" }
      )
      expect("settings", try changed(folder, "as-norm") { _, metadata in metadata["settings"] = "{" })
      expect(
        "unknown key",
        try changed(folder, "cosine") { _, metadata in
          metadata["settings"]?.replace("{", with: "{\"more\":1,", maxReplacements: 1)
        })
      let calibration = "\"calibration\":{\"offset\":0,\"prior\":0.5,\"qualities\":[],\"weights\":[]},"
      expect(
        "the calibration is not whole",
        try changed(folder, "cosine") { _, metadata in
          metadata["settings"]?.replace("{", with: "{" + calibration, maxReplacements: 1)
        })
      expect(
        "'top' is a number",
        try changed(folder, "as-norm") { _, metadata in
          metadata["settings"]?.replace("\"top\":7", with: "\"top\":0")
        })
    }
  }

  @Test func `a back end takes the place of another one alone, in a file of its suffix`() throws {
    try withScratchFolder { folder in
      #expect(failure { try BackEndFile.check(folder + "/b.ark") }?.kind == .usage)
      try SafetensorsFile.write([NamedTensor(name: "mean", shape: [1], values: [1])], to: folder + "/b.safetensors")
      #expect(
        failure { try BackEndFile.check(folder + "/b.safetensors") }?.message.contains("holds no back end") == true)
    }
  }

  @Test func `a name is of a file beside an encoder, a path is itself`() throws {
    try withScratchFolder { folder in
      try write("", to: folder + "/model.safetensors")
      let place = folder + "/back-ends/phone.safetensors"
      #expect(try BackEndFile.path("phone", besideEncoder: folder + "/") == place)
      #expect(try BackEndFile.path("phone", besideEncoder: folder + "/model.safetensors") == place)
      #expect(try BackEndFile.path("./phone", besideEncoder: folder) == "./phone")
      #expect(try BackEndFile.path("phone.safetensors", besideEncoder: nil) == "phone.safetensors")
      #expect(failure { _ = try BackEndFile.path("phone", besideEncoder: nil) }?.message.contains("--encoder") == true)
    }
  }
}
