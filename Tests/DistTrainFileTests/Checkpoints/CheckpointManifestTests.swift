import DistTrain
import Foundation
import TestTools
import Testing

@Suite struct CheckpointManifestTests {
  /// Why a checkpoint is passed over after something was done to its folder; nil where it is not.
  private func reason(_ damage: (_ folder: String) throws -> Void) throws -> String? {
    try withScratchFolder { scratch in
      let store = CheckpointStore(path: scratch + "/checkpoints")
      for step in 1...2 {
        try store.save(
          encoder: [NamedTensor(name: "weight", shape: [3], values: [1, 2, 3])],
          optimizer: [NamedTensor(name: "momentum", shape: [3], values: [4, 5, 6])],
          state: TrainingState(
            step: step, seed: 1, configuration: "", corpus: "", sampler: .init(epoch: 0, index: step), version: "1",
            ranks: 1))
      }
      try damage(store.path + "/step-00000002")
      let (newest, rejected) = try store.newest()
      #expect(newest?.step == (rejected.isEmpty ? 2 : 1))
      return rejected.first?.reason
    }
  }

  @Test func `what nobody touched is whole`() throws {
    #expect(try reason { _ in } == nil)
  }

  @Test func `a file that was cut short is told by its size, before its bytes are read`() throws {
    let reason = try reason { folder in
      let file = folder + "/optimizer.safetensors"
      try Data(Data(contentsOf: URL(fileURLWithPath: file)).dropLast(5)).write(to: URL(fileURLWithPath: file))
    }
    #expect(reason?.contains("optimizer.safetensors has ") == true && reason?.contains(" were written") == true)
  }

  @Test func `a manifest that leaves a file out vouches for nothing`() throws {
    let reason = try reason { folder in
      let url = URL(fileURLWithPath: folder + "/manifest.json")
      var manifest = try #require(
        JSONSerialization.jsonObject(with: Data(contentsOf: url)) as? [String: [[String: Any]]])
      manifest["files"]?.removeAll { $0["name"] as? String == "optimizer.safetensors" }
      try JSONSerialization.data(withJSONObject: manifest).write(to: url)
    }
    #expect(reason?.contains("manifest.json lists ") == true)
  }
}
