import DistTrain
import Foundation
import TestTools
import Testing

@Suite struct CheckpointStoreTests {
  @Test func `a checkpoint comes back as it was saved`() throws {
    try withStore { store in
      let path = try save(7, in: store)
      #expect(path == store.path + "/step-00000007")
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: path).sorted() == [
          "manifest.json", "model.safetensors", "optimizer.safetensors", "state.json",
        ])
      let (checkpoint, rejected) = try store.newest()
      #expect(rejected == [])
      #expect(checkpoint?.path == path)
      #expect(checkpoint?.state == state(7))
      #expect(try checkpoint?.encoder().values(of: "weight") == values(7))
      #expect(try checkpoint?.encoder().metadata == ["architecture": "ecapa-tdnn"])
      #expect(try checkpoint?.optimizer().values(of: "momentum") == values(14))
    }
  }

  @Test func `no checkpoints are none, whether the folder exists or not`() throws {
    try withStore { store in
      #expect(try store.newest().checkpoint == nil)
      try FileManager.default.createDirectory(atPath: store.path, withIntermediateDirectories: true)
      try write("", to: store.path + "/notes.txt")
      #expect(try store.newest().checkpoint == nil)
    }
  }

  @Test func `the highest step is the newest, beyond eight digits too`() throws {
    try withStore { store in
      for step in [5, 123_456_789, 99_999_999] { try save(step, in: store) }
      #expect(try store.newest().checkpoint?.step == 123_456_789)
      #expect(try store.checkpoint(ofStep: 99_999_999).step == 99_999_999)
      let message = failure { _ = try store.checkpoint(ofStep: 6) }?.message
      #expect(message == "no checkpoint of step 6 is in \(store.path)")
    }
  }

  @Test(arguments: ["manifest.json", "model.safetensors", "optimizer.safetensors", "state.json"])
  func `a checkpoint with a file missing, cut or changed is told and passed over`(name: String) throws {
    for damage in 0..<3 {
      try withStore { store in
        try save(1, in: store)
        let file = try save(2, in: store) + "/" + name
        var bytes = try InputFile.contents(of: file)
        switch damage {
        case 0: try FileManager.default.removeItem(atPath: file)
        case 1: try AtomicFile.write(bytes.dropLast(), to: file)
        default:
          bytes[bytes.count / 2] ^= 1
          try AtomicFile.write(bytes, to: file)
        }
        // The manifest's last byte is the end of its last line: JSON is whole without it.
        if name == "manifest.json", damage == 1 { try AtomicFile.write(bytes.dropLast(2), to: file) }
        let (checkpoint, rejected) = try store.newest()
        #expect(checkpoint?.step == 1)
        #expect(rejected.map(\.path) == [store.path + "/step-00000002"])
        #expect(rejected.first?.reason.contains(name) == true)
      }
    }
  }

  @Test func `a folder of another step than its name is passed over`() throws {
    try withStore { store in
      try save(1, in: store)
      try FileManager.default.moveItem(atPath: try save(2, in: store), toPath: store.path + "/step-00000009")
      let (checkpoint, rejected) = try store.newest()
      #expect(checkpoint?.step == 1)
      #expect(rejected.first?.reason.contains("holds step 2") == true)
    }
  }

  @Test func `when none is whole, each is named`() throws {
    try withStore { store in
      for step in [1, 2] {
        try FileManager.default.removeItem(atPath: try save(step, in: store) + "/manifest.json")
      }
      let failure = failure { _ = try store.newest() }
      #expect(failure?.kind == .badData)
      #expect(failure?.message.contains("step-00000001") == true)
      #expect(failure?.message.contains("step-00000002") == true)
    }
  }

  @Test func `saving a step again replaces it`() throws {
    try withStore { store in
      try save(3, in: store)
      try save(3, in: store, content: 30)
      #expect(try store.newest().checkpoint?.encoder().values(of: "weight") == values(30))
      #expect(try FileManager.default.contentsOfDirectory(atPath: store.path) == ["step-00000003"])
    }
  }

  @Test func `killed at any system call, a run finds the new checkpoint whole or the old one`() throws {
    var old = 0
    var new = 0
    for call in 1... {
      let finished = try withStore { store in
        try save(1, in: store)
        let system = FaultySystem(failing: call, onlyOnce: false)
        _ = failure { try system.run(under: store.path) { try save(2, in: store) } }
        let step = try #require(try store.newest().checkpoint?.step)
        if step == 2 { new += 1 } else { old += 1 }
        try store.removeLeftovers()
        #expect(try store.newest().checkpoint?.step == step)
        let names = try FileManager.default.contentsOfDirectory(atPath: store.path)
        #expect(names.allSatisfy { $0.hasPrefix("step-") })
        return !system.failed
      }
      if finished { break }
    }
    #expect(old > 10)
    #expect(new > 1)
  }

  @Test func `killed at any system call while a step is replaced, a run finds it whole, as old or as new`() throws {
    var seen: Set<Float> = []
    for call in 1... {
      let finished = try withStore { store in
        try save(1, in: store)
        let system = FaultySystem(failing: call, onlyOnce: false)
        _ = failure { try system.run(under: store.path) { try save(1, in: store, content: 50) } }
        let before = try #require(try store.newest().checkpoint).encoder().values(of: "weight")
        try store.removeLeftovers()
        let checkpoint = try #require(try store.newest().checkpoint)
        #expect(checkpoint.path == store.path + "/step-00000001")
        #expect(try checkpoint.encoder().values(of: "weight") == before)
        seen.insert(before[0])
        return !system.failed
      }
      if finished { break }
    }
    #expect(seen == [values(1)[0], values(50)[0]])
  }

  @Test func `an error at any system call is told and leaves nothing half-written`() throws {
    for call in 1... {
      let finished = try withStore { store in
        try save(1, in: store)
        let system = FaultySystem(failing: call, onlyOnce: true)
        let failure = failure { try system.run(under: store.path) { try save(2, in: store) } }
        if let failure {
          #expect(failure.kind == .failed)
          #expect(failure.message.hasSuffix("No space left on device"))
          #expect(failure.message.contains(store.path))
        }
        let names = Set(try FileManager.default.contentsOfDirectory(atPath: store.path))
        // After the renaming only the sync of the parent folder can fail.
        let renamed = failure == nil || failure!.message.hasPrefix("cannot sync \(store.path):") && names.count == 2
        #expect(names == (renamed ? ["step-00000001", "step-00000002"] : ["step-00000001"]))
        #expect(try store.newest().checkpoint?.step == (renamed ? 2 : 1))
        return !system.failed
      }
      if finished { break }
    }
  }

  @Test func `what a disk that stopped taking changes kept of a checkpoint is cleared by the next one`() throws {
    var kept = 0
    for call in 1... {
      let finished = try withStore { store in
        try save(1, in: store)
        let system = FaultySystem(failing: call, onlyOnce: false)
        _ = failure { try system.run(under: store.path) { try save(2, in: store) } }
        let whole = Set((1...3).map { "step-0000000\($0)" })
        kept += Set(try names(in: store)).subtracting(whole).count
        try save(3, in: store)
        #expect(Set(try names(in: store)).subtracting(whole) == [])
        return !system.failed
      }
      if finished { break }
    }
    #expect(kept > 5)
  }

  @Test func `a folder that cannot be written to is told`() {
    let failure = failure { try save(1, in: CheckpointStore(path: "/proc/checkpoints")) }
    #expect(failure?.kind == .failed)
    #expect(failure?.message.hasPrefix("cannot create /proc/checkpoints: ") == true)
  }

  @Test func `pruning keeps the newest`() throws {
    try withStore { store in
      for step in 1...5 { try save(step, in: store) }
      try store.prune(keep: 2)
      #expect(try names(in: store) == ["step-00000004", "step-00000005"])
      try store.prune(keep: 0)
      #expect(try names(in: store) == ["step-00000005"])
    }
  }

  @Test func `pruning never removes the newest whole checkpoint`() throws {
    try withStore { store in
      for step in 1...5 { try save(step, in: store) }
      for step in 3...5 { try FileManager.default.removeItem(atPath: store.path + "/step-0000000\(step)/state.json") }
      try store.prune(keep: 2)
      #expect(try names(in: store) == ["step-00000002", "step-00000004", "step-00000005"])
      #expect(try store.newest().checkpoint?.step == 2)
    }
  }

  @Test func `a removal that is cut short leaves no checkpoint that looks broken`() throws {
    for call in 1... {
      let finished = try withStore { store in
        for step in 1...2 { try save(step, in: store) }
        let system = FaultySystem(failing: call, onlyOnce: false)
        _ = failure { try system.run(under: store.path) { try store.prune(keep: 1) } }
        for name in try names(in: store) where name.hasPrefix("step-") {
          #expect(throws: Never.self) { try Checkpoint(verifying: store.path + "/" + name) }
        }
        try store.removeLeftovers()
        #expect(try store.newest().checkpoint?.step == 2)
        return !system.failed
      }
      if finished { break }
    }
  }

  @Test func `a run that starts anew removes all of its checkpoints`() throws {
    try withStore { store in
      for step in 1...3 { try save(step, in: store) }
      try FileManager.default.createDirectory(
        atPath: store.path + "/.step-00000009.partial", withIntermediateDirectories: true)
      try write("mine", to: store.path + "/notes.txt")
      try store.removeAll()
      #expect(try names(in: store) == ["notes.txt"])
    }
  }

  private func withStore<Result>(_ body: (CheckpointStore) throws -> Result) throws -> Result {
    try withScratchFolder { try body(CheckpointStore(path: $0 + "/runs/x/checkpoints")) }
  }

  private func names(in store: CheckpointStore) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: store.path).sorted()
  }

  @discardableResult
  private func save(_ step: Int, in store: CheckpointStore, content: Int? = nil) throws -> String {
    let content = content ?? step
    return try store.save(
      encoder: [NamedTensor(name: "weight", shape: [5, 20], values: values(content))],
      optimizer: [NamedTensor(name: "momentum", shape: [100], values: values(2 * content))],
      state: state(step), metadata: ["architecture": "ecapa-tdnn"])
  }

  private func values(_ content: Int) -> [Float] { (0..<100).map { Float(content) + Float($0) / 3 } }

  private func state(_ step: Int) -> TrainingState {
    TrainingState(
      step: step, seed: .max, configuration: "9f86d0", corpus: "4 utterances", sampler: .init(epoch: 1, index: 4),
      replaced: ["a-1", "é/\"2\""],
      rollbacks: 2, version: "0.1.0", ranks: 4)
  }
}
