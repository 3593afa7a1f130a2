import DistTrain
import Foundation
import Synchronization
import TestTools
import Testing

@Suite struct RunLockTests {
  /// Short enough for a test, long enough for a busy machine.
  private static var times: RunLock.Times {
    var times = RunLock.Times()
    times.heartbeat = 0.1
    times.patience = 1.5
    return times
  }

  private static func holder(_ change: (inout LockHolder) -> Void = { _ in }) -> LockHolder {
    var holder = LockHolder.mine(environment: ["SLURM_JOB_ID": "77"])
    change(&holder)
    return holder
  }

  /// Leaves a lock file as a process that is gone would.
  private static func leave(_ holder: LockHolder, in folder: String) throws {
    try AtomicFile.write([UInt8](try JSONEncoder().encode(holder)), to: folder + "/lock")
  }

  private static func read(_ folder: String) throws -> LockHolder {
    try JSONDecoder().decode(LockHolder.self, from: Data(InputFile.contents(of: folder + "/lock")))
  }

  private static func names(_ folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
  }

  @Test func `a folder in use is refused at once with host, process, job and age, and free after its release`() throws {
    try withScratchFolder { folder in
      let first = try RunLock(folder: folder, holder: Self.holder { $0.since -= 185 })
      let refusal = failure { _ = try RunLock(folder: folder) }
      #expect(refusal?.kind == .failed)
      for word in [folder, "process \(getpid()) on ", "(Slurm job 77)", "for 3 min ", "--run-dir"] {
        #expect(refusal?.message.contains(word) == true, "\(word): \(refusal?.message ?? "")")
      }
      #expect(try Self.names(folder) == ["lock"])
      first.release()
      #expect(try Self.names(folder) == [])
      let second = try RunLock(folder: folder, times: Self.times)
      #expect(second.loss == nil)
    }
  }

  @Test func `a lock goes when nobody holds it any more`() throws {
    try withScratchFolder { folder in
      _ = try RunLock(folder: folder)
      #expect(try Self.names(folder) == [])
    }
  }

  /// A process that has ended and was collected.
  private static func endedProcess() throws -> Int32 {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/true")
    try process.run()
    process.waitUntilExit()
    return process.processIdentifier
  }

  @Test func `the lock of a process of this host that has ended is taken over without waiting`() throws {
    let ended: [(inout LockHolder) -> Void] = [
      { $0.pid = (try? Self.endedProcess()) ?? 0 },
      // The number is another process's by now.
      { $0.started = "1" },
    ]
    for change in ended {
      try withScratchFolder { folder in
        try Self.leave(Self.holder(change), in: folder)
        var times = RunLock.Times()
        times.patience = 1e6
        let said = Mutex<[String]>([])
        let mine = LockHolder.mine()
        let lock = try RunLock(folder: folder, holder: mine, times: times) { text in said.withLock { $0.append(text) } }
        #expect(try Self.read(folder) == mine)
        #expect(said.withLock { $0.count == 1 && $0[0].contains("a run that has ended, process ") })
        lock.release()
        #expect(try Self.names(folder) == [])
      }
    }
  }

  @Test(arguments: ["elsewhere", "copy", "unknown", "container", "torn"])
  func `a lock whose process cannot be seen is taken over only when it is not touched`(kind: String) throws {
    for isAlive in [true, false] {
      try withScratchFolder { folder in
        var mine = LockHolder.mine()
        switch kind {
        // Of this host since its last start, and of this container, each would have ended for sure.
        case "elsewhere":
          try Self.leave(
            Self.holder {
              $0.host = "elsewhere"
              $0.started = "1"
            }, in: folder)
        // This host was started anew, or a copy of it has its name.
        case "copy":
          try Self.leave(
            Self.holder {
              $0.boot = "another"
              $0.started = "1"
            }, in: folder)
        // The kernel tells neither of them which start it is.
        case "unknown":
          mine.boot = ""
          try Self.leave(
            Self.holder {
              $0.boot = ""
              $0.started = "1"
            }, in: folder)
        case "container":
          try Self.leave(
            Self.holder {
              $0.namespace = "pid:[1]"
              $0.started = "1"
            }, in: folder)
        default: try write("", to: folder + "/lock")
        }
        let stop = Mutex(!isAlive)
        let heart = Thread {
          while !stop.withLock({ $0 }) {
            utimensat(AT_FDCWD, folder + "/lock", nil, 0)
            usleep(100_000)
          }
        }
        heart.start()
        defer { stop.withLock { $0 = true } }
        let said = Mutex(0)
        let refusal = failure {
          let lock = try RunLock(folder: folder, holder: mine, times: Self.times) { _ in said.withLock { $0 += 1 } }
          #expect(try Self.read(folder) == mine)
          lock.release()
        }
        #expect((refusal != nil) == isAlive, "\(refusal?.message ?? "taken over")")
        #expect(said.withLock { $0 } == (isAlive ? 0 : 1))
        if isAlive, kind == "elsewhere" { #expect(refusal?.message.contains("on elsewhere (Slurm job 77)") == true) }
      }
    }
  }

  @Test(.enabled(if: getuid() != 0, "root reads every file")) func `a lock that may not be read is told and stays`()
    throws
  {
    try withScratchFolder { folder in
      try Self.leave(Self.holder { $0.host = "elsewhere" }, in: folder)
      try #require(chmod(folder + "/lock", 0) == 0)
      let refusal = failure { _ = try RunLock(folder: folder, times: Self.times) }
      #expect(refusal?.kind == .failed)
      for word in ["cannot read \(folder)/lock", "nobody knows whether the run folder is in use", "--run-dir"] {
        #expect(refusal?.message.contains(word) == true, "\(word): \(refusal?.message ?? "")")
      }
      #expect(try Self.names(folder) == ["lock"])
    }
  }

  @Test(arguments: ["dangling", "link", "pipe", "folder", "text", "object"])
  func `what is no lock under its name is told at once and stays`(kind: String) throws {
    try withScratchFolder { folder in
      let path = folder + "/lock"
      switch kind {
      case "dangling": try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: "/none")
      case "link":
        try write("mine", to: folder + "/file")
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: folder + "/file")
      case "pipe": try #require(mkfifo(path, 0o600) == 0)
      case "text": try write("mine\n", to: path)
      case "object": try write("{\"pid\": 1}\n", to: path)
      default: try FileSystem.createFolder(path)
      }
      let refusal = failure { _ = try RunLock(folder: folder) }
      #expect(refusal?.kind == .failed)
      #expect(refusal?.message.hasPrefix("\(path) is ") == true && refusal?.message.contains("--run-dir") == true)
      #expect(try Self.names(folder) == (kind == "link" ? ["file", "lock"] : ["lock"]))
    }
  }

  @Test func `of many that find the same dead lock one gets the folder`() throws {
    try withScratchFolder { folder in
      try Self.leave(Self.holder { $0.started = "1" }, in: folder)
      let locks = Mutex<[RunLock]>([])
      DispatchQueue.concurrentPerform(iterations: 8) { _ in
        if let lock = try? RunLock(folder: folder) { locks.withLock { $0.append(lock) } }
      }
      #expect(locks.withLock { $0.count } == 1)
      #expect(try Self.names(folder) == ["lock"])
    }
  }

  @Test func `of two that take a dead lock's place the last has the folder`() throws {
    try withScratchFolder { folder in
      let other = Self.holder { $0.host = "elsewhere" }
      // On a busy machine the other may come after the moment at which the first one looks.
      for _ in 0..<10 {
        try Self.leave(Self.holder { $0.started = "1" }, in: folder)
        let mine = LockHolder.mine()
        let stop = Mutex(false)
        let rival = Thread {
          while (try? Self.read(folder).token) != mine.token, !stop.withLock({ $0 }) { usleep(200) }
          try? Self.leave(other, in: folder)
          while !stop.withLock({ $0 }) {
            utimensat(AT_FDCWD, folder + "/lock", nil, 0)
            usleep(50_000)
          }
        }
        rival.start()
        let refusal = failure { _ = try RunLock(folder: folder, holder: mine, times: Self.times) }
        stop.withLock { $0 = true }
        guard let refusal else { continue }
        #expect(refusal.message.contains("on elsewhere"))
        #expect(try Self.read(folder) == other)
        return
      }
      Issue.record("the first of two took the folder ten times")
    }
  }

  @Test func `a holder whose lock was taken over notices, and leaves the other's file alone`() throws {
    try withScratchFolder { folder in
      let lock = try RunLock(folder: folder, times: Self.times)
      let other = Self.holder { $0.host = "elsewhere" }
      try Self.leave(other, in: folder)
      let deadline = Date().addingTimeInterval(30)
      while lock.loss == nil, Date() < deadline { usleep(10_000) }
      #expect(lock.loss == .taken)
      lock.release()
      #expect(try Self.read(folder) == other)
    }
  }

  @Test func `a holder touches its file again and again`() throws {
    try withScratchFolder { folder in
      let lock = try RunLock(folder: folder, times: Self.times)
      var past = [timespec(tv_sec: 1000, tv_nsec: 0), timespec(tv_sec: 1000, tv_nsec: 0)]
      utimensat(AT_FDCWD, folder + "/lock", &past, 0)
      var status = stat()
      let deadline = Date().addingTimeInterval(30)
      repeat {
        usleep(10_000)
        stat(folder + "/lock", &status)
      } while status.st_mtim.tv_sec == 1000 && Date() < deadline
      #expect(status.st_mtim.tv_sec > 1000)
      #expect(lock.loss == nil && lock.takeRemark() == nil)
    }
  }

  @Test func `a holder whose file is removed puts it back and says so once`() throws {
    try withScratchFolder { folder in
      let mine = LockHolder.mine()
      let lock = try RunLock(folder: folder, holder: mine)
      try FileSystem.remove(folder + "/lock")
      lock.look(atMost: 30)
      #expect(try Self.read(folder) == mine && lock.loss == nil)
      #expect(lock.takeRemark()?.hasPrefix("\(folder)/lock was removed and is put back") == true)
      lock.look(atMost: 30)
      #expect(lock.takeRemark() == nil)
      #expect(try Self.names(folder) == ["lock"])
      let refusal = failure { _ = try RunLock(folder: folder) }
      #expect(refusal?.message.contains("is in use by") == true)
      lock.release()
      #expect(try Self.names(folder) == [])
    }
  }

  @Test func `a holder whose file is removed leaves that of the next one`() throws {
    try withScratchFolder { folder in
      let lock = try RunLock(folder: folder)
      try FileSystem.remove(folder + "/lock")
      let next = try RunLock(folder: folder, holder: Self.holder())
      lock.look(atMost: 30)
      #expect(lock.loss == .taken && next.loss == nil)
      lock.release()
      #expect(try Self.names(folder) == ["lock"])
      next.release()
      #expect(try Self.names(folder) == [])
    }
  }

  @Test(arguments: [false, true]) func `a holder knows where its folder was moved to, and frees it there`(
    anotherComes: Bool
  ) throws {
    try withScratchFolder { folder in
      let (path, place) = (folder + "/run", folder + "/kept")
      try FileSystem.createFolder(path)
      let lock = try RunLock(folder: path)
      try FileSystem.rename(path, to: place)
      if anotherComes { try FileSystem.createFolder(path) }
      let next = anotherComes ? try RunLock(folder: path) : nil
      lock.look(atMost: 30)
      #expect(lock.loss == .moved(to: FileSystem.resolved(place)))
      lock.release()
      #expect(try Self.names(place) == [])
      #expect(FileSystem.exists(path) == anotherComes && next?.loss == nil)
      if anotherComes { #expect(try Self.names(path) == ["lock"]) }
      next?.release()
    }
  }

  @Test func `a holder whose folder is removed notices and makes no other`() throws {
    try withScratchFolder { folder in
      let path = folder + "/run"
      try FileSystem.createFolder(path)
      let lock = try RunLock(folder: path)
      try FileSystem.remove(path)
      lock.look(atMost: 30)
      #expect(lock.loss == .removed)
      lock.release()
      #expect(try Self.names(folder) == [])
    }
  }
}
