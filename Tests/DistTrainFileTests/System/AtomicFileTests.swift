import DistTrain
import Foundation
import TestTools
import Testing

@Suite struct AtomicFileTests {
  @Test func `a file replaces an older one and leaves nothing beside it`() throws {
    try withScratchFolder { folder in
      let path = folder + "/config.yaml"
      try AtomicFile.write("old", to: path)
      try AtomicFile.write("new", to: path)
      #expect(try read(path) == "new")
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["config.yaml"])
    }
  }

  @Test(arguments: [0o600, 0o640, 0o666]) func `a file has the permissions of the one whose place it takes`(mode: Int)
    throws
  {
    try withScratchFolder { folder in
      let path = folder + "/scores"
      try AtomicFile.write("old", to: path)
      try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
      let file = try AtomicFile.stage(path) { file in
        try file.write("new")
        #expect(try FileManager.default.attributesOfItem(atPath: file.path)[.posixPermissions] as? Int == mode)
      }
      try file.install()
      #expect(try read(path) == "new")
      #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == mode)
    }
  }

  @Test func `whichever system call fails, the old file stays whole and nothing is left beside it`() throws {
    try withScratchFolder { folder in
      let path = folder + "/result.json"
      for call in 1... {
        try AtomicFile.write("old", to: path)
        let system = FaultySystem(failing: call, onlyOnce: true)
        let failure = failure { try system.run(under: folder) { try AtomicFile.write("new", to: path) } }
        #expect((failure != nil) == system.failed)
        let content = try read(path)
        // Only the sync of the folder comes after the name is the new file's.
        #expect(content == (failure == nil || failure!.message.hasPrefix("cannot sync \(folder):") ? "new" : "old"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["result.json"])
        if !system.failed { break }
      }
    }
  }

  @Test func `of several writers at the same time one has the place with its whole file, and nothing stays beside it`()
    throws
  {
    try withScratchFolder { folder in
      let path = folder + "/scores"
      let texts = (0..<8).map { String(repeating: "\($0)", count: 300_000 + $0) }
      DispatchQueue.concurrentPerform(iterations: texts.count) { index in
        for _ in 0..<5 { try? AtomicFile.write(texts[index], to: path) }
      }
      let text = try read(path)
      #expect(texts.contains(text))
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["scores"])
    }
  }

  @Test func `a file that is written while another writer has begun does not meet that one's`() throws {
    try withScratchFolder { folder in
      let path = folder + "/scores"
      try AtomicFile.write(to: path) { outer in
        try outer.write("outer")
        try AtomicFile.write("inner", to: path)
        #expect(try read(path) == "inner")
      }
      #expect(try read(path) == "outer")
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["scores"])
    }
  }

  @Test func `a link stays, and what it leads to is replaced`() throws {
    try withScratchFolder { folder in
      try FileSystem.createFolder(folder + "/deep")
      try write("old", to: folder + "/deep/file")
      for (link, target) in [("link", "deep/file"), ("second", "link"), ("dangling", "deep/new")] {
        try FileManager.default.createSymbolicLink(atPath: "\(folder)/\(link)", withDestinationPath: target)
        try AtomicFile.write(link, to: "\(folder)/\(link)")
        #expect(FileSystem.isLink("\(folder)/\(link)"))
      }
      #expect(try read(folder + "/deep/file") == "second" && read(folder + "/deep/new") == "dangling")
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder + "/deep").sorted() == ["file", "new"])
    }
  }

  /// As a shell's `>file` makes `/dev/stdout`, which is a link to it.
  @Test func `what this process has open is written on, not replaced`() throws {
    try withScratchFolder { folder in
      let descriptor = open(folder + "/file", O_CREAT | O_WRONLY, 0o600)
      #expect(descriptor >= 0)
      defer { close(descriptor) }
      let link = folder + "/stdout"
      try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "/proc/self/fd/\(descriptor)")
      _ = Foundation.write(descriptor, "first ", 6)
      for path in ["/dev/fd/\(descriptor)", "/proc/self/fd/\(descriptor)", link] {
        try AtomicFile.check([path], for: "scores") { _ in false }
        try AtomicFile.write("more ", to: path)
      }
      _ = Foundation.write(descriptor, "last", 4)
      #expect(FileSystem.isLink(link))
      #expect(try read(folder + "/file") == "first more more more last")
    }
  }

  @Test func `a file is created only where nothing has its name, and a link is not followed`() throws {
    try withScratchFolder { folder in
      try write("mine", to: folder + "/file")
      try FileManager.default.createSymbolicLink(atPath: folder + "/link", withDestinationPath: folder + "/file")
      try FileManager.default.createSymbolicLink(atPath: folder + "/dangling", withDestinationPath: folder + "/none")
      for name in ["file", "link", "dangling"] {
        #expect(
          failure { _ = try OutputFile(creating: "\(folder)/\(name)") }?.message.contains("/\(name): File exists")
            == true)
      }
      #expect(try read(folder + "/file") == "mine")
      #expect(!FileSystem.exists(folder + "/none"))
    }
  }

  @Test func `what an ended process left half-written goes, and what others may still write stays`() throws {
    try withScratchFolder { folder in
      let process = Process()
      process.executableURL = URL(fileURLWithPath: "/bin/true")
      try process.run()
      process.waitUntilExit()
      let own = PartialName.make(for: folder + "/a.b@c.ark")
      let ended = own.replacingOccurrences(of: ".\(getpid())-", with: ".\(process.processIdentifier)-")
      let elsewhere = ended.replacingOccurrences(of: "@", with: "@not-")
      let restarted = own.replacingOccurrences(of: ".\(getpid())-", with: ".\(getpid())-1")
      // A copy of this machine has its name, and processes of the same numbers.
      let boot = try #require(KernelFile.text("/proc/sys/kernel/random/boot_id")).filter(\.isHexDigit)
      let copied = ended.replacingOccurrences(of: "-\(boot)-", with: "-\(String(boot.reversed()))-")
      let earlier = ended.replacingOccurrences(of: "-\(boot)-", with: "-")
      #expect(!boot.isEmpty && Set([ended, copied, earlier]).count == 3)
      let kept = [own, elsewhere, copied, earlier, folder + "/.hidden.partial", folder + "/.1-2-3-4@x.partial"]
      for name in kept + [ended, restarted] { try write("", to: name) }
      try AtomicFile.write("text", to: folder + "/other")
      let names = try FileManager.default.contentsOfDirectory(atPath: folder)
      #expect(Set(names) == Set(kept.map { ($0 as NSString).lastPathComponent } + ["other"]))
    }
  }

  @Test func `a writer that waits for its turn hears a request to stop, and leaves nothing`() async {
    await #expect(processExitsWith: .success) {
      try withScratchFolder { folder in
        let turn = PartialName.fixed(for: folder + "/a", suffix: "turn")
        let other = open(turn, O_RDWR | O_CREAT, 0o666)
        #expect(flock(other, LOCK_EX) == 0)
        let files = try ["a", "b"].map { name in try AtomicFile.stage("\(folder)/\(name)") { try $0.write(name) } }
        StopRequest.watch()
        // The threads of tests may hold signals back.
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGTERM)
        pthread_sigmask(SIG_UNBLOCK, &signals, nil)
        raise(SIGTERM)
        let told = failure { try StagedFile.install(together: files) }
        #expect(told?.kind == .stopped)
        #expect(told?.message.contains("while it waited for another process that writes \(folder)/a") == true)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == [(turn as NSString).lastPathComponent])
      }
    }
  }

  @Test func `a place that cannot be written, or holds something else, is told before the work`() throws {
    try withScratchFolder { folder in
      try FileSystem.createFolder(folder + "/data")
      for (name, text) in [("old", "such"), ("empty", ""), ("other", "thesis")] {
        try write(text, to: "\(folder)/\(name)")
      }
      func check(_ names: String...) -> Failure? {
        failure {
          try AtomicFile.check(names.map { $0.isEmpty ? "" : "\(folder)/\($0)" }, for: "scores") { $0.bytes == 4 }
        }
      }
      for name in ["old", "empty", "new", "data/new"] { #expect(check(name) == nil, "\(name)") }
      #expect(check("new", "other") == nil)
      for (names, reason) in [
        (["data"], "data is a folder"), (["data/"], "data/ is a folder"), (["new/"], "new/ is a folder"),
        (["new", "data"], "data is a folder"), (["no/new"], "there is no folder \(folder)/no"),
        (["other/new"], "there is no folder \(folder)/other"), (["other"], "holds no scores"), ([""], "is empty"),
        (["a\nb"], "a\\u{A}b: a line break in a path"), (["a\r"], "a\\u{D}: a line break in a path"),
      ] {
        let refusal = names.count == 1 ? check(names[0]) : check(names[0], names[1])
        #expect(
          refusal?.kind == .usage && refusal?.message.contains(reason) == true, "\(names): \(refusal?.message ?? "")")
      }
      try AtomicFile.check(["/dev/null"], for: "scores") { _ in false }
    }
  }

  @Test func `a name of any length is written`() throws {
    try withScratchFolder { folder in
      let path = folder + "/" + String(repeating: "é", count: 120)
      try AtomicFile.write("text", to: path)
      #expect(try read(path) == "text")
    }
  }

  @Test func `a device is written to, not replaced`() throws {
    try AtomicFile.write("text", to: "/dev/null")
    var status = stat()
    #expect(stat("/dev/null", &status) == 0)
    #expect(status.st_mode & S_IFMT == S_IFCHR)
  }

  @Test func `a full disk is told with the path and the system's reason`() {
    let failure = #expect(throws: Failure.self) { try AtomicFile.write("text", to: "/dev/full") }
    #expect(failure?.kind == .failed)
    #expect(failure?.message == "cannot write /dev/full: No space left on device")
  }

  @Test func `a folder that does not exist is told with the path`() {
    let failure = #expect(throws: Failure.self) { try AtomicFile.write("text", to: "/proc/none/file") }
    #expect(failure?.kind == .failed)
    #expect(failure?.message.contains("/proc/none") == true)
    #expect(failure?.message.contains("No such file or directory") == true)
  }

  @Test(arguments: [0, 1, 65_535, 65_536, 1_048_576, 3_000_001])
  func `the digest and the size are those of the bytes`(count: Int) throws {
    try withScratchFolder { folder in
      let path = folder + "/bytes"
      let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
      let file = try OutputFile(path: path)
      try file.write(Array(bytes.prefix(7)))
      try file.write(Array(bytes.dropFirst(7)))
      let digest = try file.finish()
      #expect(file.bytes == count)
      #expect(try InputFile.contents(of: path) == bytes)
      #expect(try InputFile(path: path).digest() == digest)
    }
  }

  @Test func `the digest of a known text is the published one`() throws {
    try withScratchFolder { folder in
      let path = folder + "/abc"
      try AtomicFile.write("abc", to: path)
      let published = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
      #expect(try InputFile(path: path).digest() == published)
    }
  }

  @Test func `a missing input is bad data`() {
    let failure = #expect(throws: Failure.self) { try InputFile(path: "/nowhere/trials") }
    #expect(failure?.kind == .badData)
    #expect(failure?.message == "cannot read /nowhere/trials: No such file or directory")
  }

  @Test func `a folder in place of an input is bad data`() {
    let failure = #expect(throws: Failure.self) { try InputFile(path: "/tmp") }
    #expect(failure?.kind == .badData)
  }
}
