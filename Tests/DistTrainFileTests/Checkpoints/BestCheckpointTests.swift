import DistTrain
import Foundation
import TestTools
import Testing

/// The mark on the checkpoint that evaluates best.
@Suite struct BestCheckpointTests {
  @Test func `the best checkpoint is a link that moves, and pruning leaves it and the newest`() throws {
    try withStore(steps: 1...6) { store in
      #expect(store.best == nil)
      try store.markBest(step: 4)
      try store.markBest(step: 2)
      #expect(store.best == 2)
      #expect(try Checkpoint(verifying: store.path + "/best").step == 2)
      try store.prune(keep: 2)
      #expect(try store.steps() == [2, 5, 6])
      try store.markBest(step: 6)
      try store.prune(keep: 2)
      #expect(try store.steps() == [5, 6])
      #expect(try store.newest().checkpoint?.step == 6)
    }
  }

  @Test func `a checkpoint that is not there cannot be the best, and the mark stays where it was`() throws {
    try withStore(steps: 1...2) { store in
      try store.markBest(step: 1)
      #expect(failure { try store.markBest(step: 3) }?.message.contains("no checkpoint of step 3") == true)
      #expect(store.best == 1)
    }
  }

  @Test func `a mark on a checkpoint that is gone marks none, and a new start removes it`() throws {
    try withStore(steps: 1...2) { store in
      try store.markBest(step: 1)
      try FileManager.default.removeItem(atPath: store.path + "/step-00000001")
      #expect(store.best == nil)
      try store.removeAll()
      #expect(try FileManager.default.contentsOfDirectory(atPath: store.path).isEmpty)
    }
  }

  @Test func `what is no link under the mark's name is told and stays`() throws {
    for isFolder in [true, false] {
      try withStore(steps: 1...2) { store in
        let path = store.path + "/best"
        if isFolder { try FileSystem.createFolder(path) }
        try write("mine", to: isFolder ? path + "/file" : path)
        for body in [{ try store.markBest(step: 2) }, store.forgetBest, store.removeAll] {
          #expect(failure(body)?.message.contains("\(path) is no link to a checkpoint") == true)
        }
        #expect(try read(isFolder ? path + "/file" : path) == "mine")
      }
    }
  }

  @Test func `killed at any system call while the mark moves, a run finds it on one of the two`() throws {
    var seen: Set<Int?> = []
    for call in 1... {
      let finished = try withStore(steps: 1...2) { store in
        try store.markBest(step: 1)
        let system = FaultySystem(failing: call, onlyOnce: false)
        _ = failure { try system.run(under: store.path) { try store.markBest(step: 2) } }
        seen.insert(store.best)
        try store.removeLeftovers()
        let names = try FileManager.default.contentsOfDirectory(atPath: store.path)
        #expect(names.sorted() == ["best", "step-00000001", "step-00000002"])
        return !system.failed
      }
      if finished { break }
    }
    #expect(seen == [1, 2])
  }

  private func withStore<Result>(steps: ClosedRange<Int>, _ body: (CheckpointStore) throws -> Result) throws -> Result {
    try withScratchFolder { folder in
      let store = CheckpointStore(path: folder + "/checkpoints")
      for step in steps {
        try store.save(
          encoder: [NamedTensor(name: "weight", shape: [2], values: [1, 2])],
          optimizer: [NamedTensor(name: "momentum", shape: [2], values: [3, 4])],
          state: TrainingState(
            step: step, seed: 1, configuration: "", corpus: "", sampler: .init(epoch: 0, index: step), version: "1",
            ranks: 1))
      }
      return try body(store)
    }
  }
}
