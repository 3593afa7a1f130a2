import DistTrain
import Foundation
import TestCorpora

/// A generated corpus that rank 0 writes and all ranks read.
struct SharedCorpus {
  let path: String

  init() throws {
    let own = FileManager.default.temporaryDirectory.appending(path: "svdist-\(UUID().uuidString)").path
    let path = World.communicator.broadcast(own)
    try World.communicator.agree {
      guard World.communicator.rank == 0 else { return }
      try GeneratedCorpus.write(to: URL(fileURLWithPath: path), speakers: 5, utterances: 4)
    }
    self.path = path
  }

  func remove() {
    World.communicator.barrier()
    if World.communicator.rank == 0 { try? FileManager.default.removeItem(atPath: path) }
  }
}
