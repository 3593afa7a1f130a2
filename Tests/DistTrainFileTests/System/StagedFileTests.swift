import DistTrain
import Foundation
import Synchronization
import TestTools
import Testing

@Suite struct StagedFileTests {
  private static let names = ["x.ark", "x.ark.encoder", "x.scp"]

  /// Writes three files that have the same text and appear together.
  private func install(_ text: String, in folder: String) throws {
    var files: [StagedFile] = []
    for name in Self.names { files.append(try AtomicFile.stage("\(folder)/\(name)") { try $0.write(text) }) }
    try StagedFile.install(together: files)
  }

  private func texts(in folder: String) throws -> [String?] {
    try Self.names.map { FileSystem.exists("\(folder)/\($0)") ? try read("\(folder)/\($0)") : nil }
  }

  @Test func `whichever system call of the installation fails, no file tells of another first`() throws {
    try withScratchFolder { folder in
      for call in 1... {
        try install("old", in: folder)
        var files: [StagedFile] = []
        for name in Self.names { files.append(try AtomicFile.stage("\(folder)/\(name)") { try $0.write("new") }) }
        let system = FaultySystem(failing: call, onlyOnce: true)
        let failure = failure { try system.run(under: folder) { try StagedFile.install(together: files) } }
        #expect((failure != nil) == system.failed)
        let texts = try texts(in: folder)
        // Before the first changes, all of the old ones stay; afterwards none does.
        if texts[0] == "old" { #expect(texts == ["old", "old", "old"]) }
        if texts[0] == "new" { #expect(!texts.contains("old")) }
        #expect(call > 3 || texts[0] == "old", "call \(call)")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder)
        #expect(Set(names).isSubset(of: Self.names))
        if !system.failed {
          #expect(texts == ["new", "new", "new"])
          break
        }
      }
    }
  }

  @Test func `a folder in a file's place stays with what is in it, and so do the files`() throws {
    try withScratchFolder { folder in
      for name in Self.names.dropFirst() {
        try install("old", in: folder)
        let place = "\(folder)/\(name)"
        try FileSystem.remove(place)
        try FileSystem.createFolder(place)
        try write("important", to: place + "/thesis.tex")
        let refusal = failure { try install("new", in: folder) }
        #expect(refusal?.message.contains("\(place) is a folder") == true, "\(refusal?.message ?? "none")")
        #expect(try read(place + "/thesis.tex") == "important")
        for other in Self.names where other != name { #expect(try read("\(folder)/\(other)") == "old") }
        try FileSystem.remove(place)
      }
    }
  }

  @Test func `a killed writer's turn does not keep the next one waiting`() throws {
    try withScratchFolder { folder in
      try write("", to: folder + "/.x.ark.turn")
      try install("new", in: folder)
      #expect(try texts(in: folder) == ["new", "new", "new"])
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == Self.names)
    }
  }

  @Test func `a writer waits for the turn of another one`() throws {
    try withScratchFolder { folder in
      let descriptor = open(folder + "/.x.ark.turn", O_RDWR | O_CREAT, 0o600)
      try #require(descriptor >= 0 && flock(descriptor, LOCK_EX) == 0)
      let isDone = Atomic(false)
      let group = DispatchGroup()
      DispatchQueue.global().async(group: group) {
        try? install("new", in: folder)
        isDone.store(true, ordering: .relaxed)
      }
      usleep(500_000)
      #expect(!isDone.load(ordering: .relaxed) && !FileSystem.exists(folder + "/x.ark"))
      close(descriptor)
      group.wait()
      #expect(try texts(in: folder) == ["new", "new", "new"])
    }
  }
}
