import DistTrain
import Foundation
import TestTools
import Testing

@Suite struct RunPulseTests {
  /// Leaves a lock as another process would, changed as `change` says.
  private func leave(in folder: String, _ change: (inout LockHolder) -> Void) throws {
    var holder = LockHolder.mine(environment: [:])
    change(&holder)
    try AtomicFile.write([UInt8](try JSONEncoder().encode(holder)), to: folder + "/lock")
  }

  @Test func `a run is trained while a process here has its lock, however long ago that was touched`() throws {
    try withScratchFolder { folder in
      var pulse = RunPulse(folder: folder)
      let before = pulse.isTrained(now: 0)
      let lock = try RunLock(folder: folder)
      let during = [1, 2, 1e6].map { pulse.isTrained(now: $0) }
      lock.release()
      let after = pulse.isTrained(now: 1e6)
      #expect(!before && during == [true, true, true] && !after)
    }
  }

  @Test func `the lock of a process that was killed here tells of no training`() throws {
    try withScratchFolder { folder in
      let process = Process()
      process.executableURL = URL(fileURLWithPath: "/bin/true")
      try process.run()
      process.waitUntilExit()
      try leave(in: folder) { $0.pid = process.processIdentifier }
      var pulse = RunPulse(folder: folder)
      let isTrained = pulse.isTrained(now: 0)
      #expect(!isTrained)
    }
  }

  @Test func `the lock of another host counts as long as it is touched, by the clock of whoever looks`() throws {
    try withScratchFolder { folder in
      try leave(in: folder) { ($0.host, $0.boot) = ("elsewhere", "another") }
      var pulse = RunPulse(folder: folder)
      let first = [0, 59, 60, 61].map { pulse.isTrained(now: $0) }
      #expect(first == [true, true, false, false])
      // Times of the file are those of another clock.
      var times = [timespec(tv_sec: 5, tv_nsec: 0), timespec(tv_sec: 5, tv_nsec: 0)]
      let status = utimensat(AT_FDCWD, folder + "/lock", &times, 0)
      try #require(status == 0)
      let touched = [62, 121, 122].map { pulse.isTrained(now: $0) }
      #expect(touched == [true, true, false])
    }
  }

  @Test func `what is no lock, or in no folder, tells of no training`() throws {
    try withScratchFolder { folder in
      var nowhere = RunPulse(folder: folder + "/none")
      try write("something else\n", to: folder + "/lock")
      var other = RunPulse(folder: folder)
      let areTrained = [nowhere.isTrained(now: 0), other.isTrained(now: 0)]
      #expect(areTrained == [false, false])
    }
  }
}
