import DistTrain
import Foundation
import Synchronization
import TestTools
import Testing

@Suite struct WholeFolderTests {
  private static let lists = WholeFolder.Contents(mark: "list") {
    ["list", "notes", "part/list", "empty/"].contains($0)
  }

  private func names(_ folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
  }

  @Test func `a folder takes the place of another one, of which nothing stays`() throws {
    try withScratchFolder { folder in
      for text in ["old", "new"] {
        try WholeFolder.write(folder + "/data", replacing: Self.lists) { try AtomicFile.write(text, to: $0 + "/list") }
      }
      #expect(try read(folder + "/data/list") == "new")
      #expect(try names(folder) == ["data"])
    }
  }

  @Test(arguments: ["other", "part/other", "part/deep/list", "made/", "part/made/", "list2"])
  func `what somebody put into a folder, however deep, keeps it from being replaced`(name: String) throws {
    try withScratchFolder { folder in
      let data = folder + "/data"
      for name in ["part", "empty"] { try FileSystem.createFolder("\(data)/\(name)") }
      for name in ["list", "notes", "part/list"] { try write("old", to: "\(data)/\(name)") }
      #expect(try WholeFolder.check(data, replacing: Self.lists))
      let place = "\(data)/\(name)"
      try FileSystem.createFolder(name.hasSuffix("/") ? place : (place as NSString).deletingLastPathComponent)
      if !name.hasSuffix("/") { try write("mine", to: place) }
      let refusal = failure { try WholeFolder.write(data, replacing: Self.lists) { _ in } }
      let shown = name.hasSuffix("/") ? String(name.dropLast()) : name
      #expect(refusal?.kind == .usage && refusal?.message.contains("data: holds '\(shown)', which") == true)
      #expect(FileSystem.exists("\(data)/\(name)"))
    }
  }

  @Test func `a folder of somebody else's is not replaced, though all names in it are usual ones`() throws {
    try withScratchFolder { folder in
      let data = folder + "/data"
      try FileSystem.createFolder(data)
      try write("important", to: data + "/notes")
      for call in [
        { _ = try WholeFolder.check(data, replacing: Self.lists) },
        { try WholeFolder.write(data, replacing: Self.lists) { try write("new", to: $0 + "/list") } },
      ] as [() throws -> Void] {
        let refusal = failure(call)
        #expect(refusal?.kind == .usage && refusal?.message.contains("data: has no list") == true)
      }
      #expect(try read(data + "/notes") == "important")
      try write("old", to: data + "/list")
      #expect(try WholeFolder.check(data, replacing: Self.lists))
    }
  }

  @Test(arguments: [nil, "", "old"]) func `a link stays, and the folder that it leads to is written`(earlier: String?)
    throws
  {
    try withScratchFolder { folder in
      try FileSystem.createFolder(folder + "/disk")
      if let earlier {
        try FileSystem.createFolder(folder + "/disk/data")
        if !earlier.isEmpty { try write(earlier, to: folder + "/disk/data/list") }
      }
      try FileManager.default.createSymbolicLink(atPath: folder + "/data", withDestinationPath: "disk/data")
      #expect(try WholeFolder.check(folder + "/data", replacing: Self.lists) == (earlier == "old"))
      try WholeFolder.write(folder + "/data", replacing: Self.lists) { try write("new", to: $0 + "/list") }
      #expect(FileSystem.isLink(folder + "/data"))
      #expect(try read(folder + "/disk/data/list") == "new" && names(folder + "/disk") == ["data"])
      #expect(try names(folder) == ["data", "disk"])
    }
  }

  @Test func `a link that leads nowhere is refused`() throws {
    try withScratchFolder { folder in
      try FileManager.default.createSymbolicLink(atPath: folder + "/loop", withDestinationPath: "loop")
      try FileManager.default.createSymbolicLink(atPath: folder + "/none", withDestinationPath: "list/data")
      try write("important", to: folder + "/list")
      for (name, reason) in [("loop", "is a link to itself"), ("none", "is not a folder")] {
        let refusal = failure { _ = try WholeFolder.check("\(folder)/\(name)", replacing: nil) }
        #expect(refusal?.kind == .usage && refusal?.message.contains(reason) == true, "\(refusal?.message ?? name)")
      }
    }
  }

  @Test func `what somebody put into a folder while its successor was written is not lost`() throws {
    try withScratchFolder { folder in
      let data = folder + "/data"
      try WholeFolder.write(data) { try AtomicFile.write("old", to: $0 + "/list") }
      let refusal = failure {
        try WholeFolder.write(data, replacing: Self.lists) {
          try AtomicFile.write("new", to: $0 + "/list")
          try write("important", to: data + "/thesis.tex")
        }
      }
      #expect(refusal?.message.contains("'thesis.tex'") == true)
      #expect(try read(data + "/thesis.tex") == "important" && read(data + "/list") == "old")
      #expect(try names(folder) == ["data"])
    }
  }

  @Test func `of two that write a folder which is not there one has it, and the other is told`() throws {
    try withScratchFolder { folder in
      let data = folder + "/data"
      let refusal = failure {
        try WholeFolder.write(data) { mine in
          try AtomicFile.write("mine", to: mine + "/list")
          let ours = folder + "/theirs"
          try FileSystem.createFolder(ours)
          try write("theirs", to: ours + "/list")
          try FileSystem.rename(ours, to: data)
        }
      }
      #expect(refusal?.message.contains("data: exists and is not empty") == true, "\(refusal?.message ?? "")")
      let list = try read(data + "/list")
      #expect(list == "theirs")
      #expect(try names(folder) == ["data"])
    }
  }

  /// Writes a folder and does something at its renames, of which the first is number 1; what that returns is the error
  /// of the call, nil lets it be made.
  private func replace(
    _ data: String, in folder: String, atRename body: @escaping @Sendable (Int, String) -> Int32?
  ) -> Failure? {
    let count = Mutex(0)
    return failure {
      try SystemCall.withFault(
        under: folder,
        { purpose, path in
          guard purpose == .rename else { return nil }
          return body(
            count.withLock {
              $0 += 1
              return $0
            }, path)
        }, { try WholeFolder.write(data, replacing: Self.lists) { try write("new", to: $0 + "/list") } })
    }
  }

  @Test func `a folder that another one wrote after the last look stays, and this one is told`() throws {
    try withScratchFolder { folder in
      let data = folder + "/data"
      let refusal = replace(data, in: folder) { _, _ in
        mkdir(data, 0o777)
        try? write("theirs", to: data + "/list")
        return nil
      }
      #expect(refusal?.kind == .failed && refusal?.message.contains("another process has written it meanwhile") == true)
      let list = try read(data + "/list")
      #expect(list == "theirs")
      #expect(try names(folder) == ["data"])
    }
  }

  @Test func `a folder whose file system lets no two names change places takes the other one's place all the same`()
    throws
  {
    try withScratchFolder { folder in
      let data = folder + "/data"
      try WholeFolder.write(data) { try write("old", to: $0 + "/list") }
      #expect(replace(data, in: folder) { number, _ in number == 1 ? EINVAL : nil } == nil)
      #expect(try read(data + "/list") == "new")
      #expect(try names(folder) == ["data"])
    }
  }

  @Test(arguments: [2, 3]) func `the old folder comes back where the new one cannot take its place`(failing: Int) throws
  {
    try withScratchFolder { folder in
      let data = folder + "/data"
      try WholeFolder.write(data) { try write("old", to: $0 + "/list") }
      let refusal = replace(data, in: folder) { number, _ in number == 1 ? EINVAL : number == failing ? EIO : nil }
      #expect(refusal?.message.contains("Input/output error") == true, "\(refusal?.message ?? "none")")
      #expect(try read(data + "/list") == "old")
      #expect(try names(folder) == ["data"])
    }
  }

  @Test func `where another one takes the place between, the old folder keeps the name beside it, which is told`()
    throws
  {
    try withScratchFolder { folder in
      let data = folder + "/data"
      try WholeFolder.write(data) { try write("old", to: $0 + "/list") }
      let refusal = replace(data, in: folder) { number, _ in
        guard number == 3 else { return number == 1 ? EINVAL : nil }
        mkdir(data, 0o777)
        try? write("theirs", to: data + "/list")
        return nil
      }
      #expect(refusal?.message.contains("another process has written it meanwhile") == true)
      #expect(try read(data + "/list") == "theirs")
      let lines = WholeFolder.leftovers(beside: data)
      #expect(lines.count == 1 && lines.first?.contains("is what \(data) was before") == true, "\(lines)")
      let left = try names(folder)
      #expect(left.count == 2)
    }
  }

  @Test func `writers of one folder at the same time leave it whole`() throws {
    try withScratchFolder { folder in
      let refused = Mutex(0)
      DispatchQueue.concurrentPerform(iterations: 8) { index in
        let failure = failure {
          try WholeFolder.write(folder + "/data", replacing: .init(mark: "a") { ["a", "b"].contains($0) }) { place in
            for name in ["a", "b"] { try AtomicFile.write("\(index)", to: "\(place)/\(name)") }
          }
        }
        if failure != nil { refused.withLock { $0 += 1 } }
      }
      #expect(refused.withLock { $0 } < 8)
      let texts = try ["a", "b"].map { try read("\(folder)/data/\($0)") }
      #expect(texts[0] == texts[1])
      #expect(try names(folder) == ["data"])
    }
  }

  @Test func `what killed writers left is told with what to do about it`() throws {
    try withScratchFolder { folder in
      let data = folder + "/data"
      let half = PartialName.make(for: data)
      let old = PartialName.make(for: data, suffix: "replaced")
      for path in [half, old, folder + "/.data.12.partial", PartialName.make(for: folder + "/other")] {
        try FileSystem.createFolder(path)
      }
      let lines = WholeFolder.leftovers(beside: data)
      #expect(lines.count == 3)
      #expect(lines.contains { $0.hasPrefix(half) && $0.hasSuffix("remove it") })
      #expect(lines.contains { $0.hasPrefix(old) && $0.contains("is what \(data) was") && $0.contains("move it back") })
      try FileSystem.createFolder(data)
      #expect(WholeFolder.leftovers(beside: data).contains { $0.hasPrefix(old) && $0.hasSuffix("killed: remove it") })
    }
  }
}
