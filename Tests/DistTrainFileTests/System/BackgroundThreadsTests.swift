import DistTrain
import Foundation
import Synchronization
import TestTools
import Testing

@Suite struct BackgroundThreadsTests {
  @Test func `pieces of a queue are done in order beside the thread that adds them`() {
    let queue = BackgroundQueue()
    let gate = DispatchSemaphore(value: 0)
    let order = Mutex<[Int]>([])
    let own = pthread_self()
    let strangers = Mutex(0)
    for number in 0..<20 {
      let piece = queue.add {
        if number == 10 { gate.wait() }
        if pthread_self() != own { strangers.withLock { $0 += 1 } }
        order.withLock { $0.append(number) }
      }
      #expect(piece == number + 1)
    }
    #expect(queue.wait(for: 10))
    #expect(!queue.wait(for: 11, atMost: 0.05) && !queue.wait(atMost: 0))
    #expect(order.withLock { $0 } == Array(0..<10))
    gate.signal()
    #expect(queue.wait())
    #expect(order.withLock { $0 } == Array(0..<20) && strangers.withLock { $0 } == 20)
  }

  @Test func `what is left of a queue that nobody holds any more is done`() {
    let done = Mutex(0)
    do {
      let queue = BackgroundQueue()
      for _ in 0..<5 {
        queue.add {
          usleep(1000)
          done.withLock { $0 += 1 }
        }
      }
    }
    let deadline = Date().addingTimeInterval(30)
    while done.withLock({ $0 }) < 5, Date() < deadline { usleep(1000) }
    #expect(done.withLock { $0 } == 5)
  }

  @Test func `threads that were kept ready are those that begin, and are free once their work has ended`() {
    let threads = BackgroundThreads()
    #expect(threads.keepReady(2) == 2 && threads.keepReady(1) == 2)
    let calls = Mutex<Set<UInt>>([])
    for _ in 0..<20 {
      let ended = DispatchSemaphore(value: 0)
      let hasBegun = threads.begin(
        { calls.withLock { _ = $0.insert(UInt(pthread_self())) } }, ended: { ended.signal() })
      #expect(hasBegun)
      ended.wait()
    }
    #expect(calls.withLock { (1...2).contains($0.count) } && threads.keepReady(0) == 2)
  }

  @Test func `a map on all cores has its values in order, one within another too`() {
    let squares = Array(0..<500).concurrentMap { number in
      Array(0..<number % 7).concurrentMap { $0 * number }.reduce(number, +)
    }
    #expect(squares == (0..<500).map { number in (0..<number % 7).reduce(number) { $0 + $1 * number } })
    #expect([Int]().concurrentMap { $0 }.isEmpty)
  }

  @Test(.disabled(if: AddressSanitizer.isOn, "the sanitizer needs more addresses than the limit leaves"))
  func `where the system starts no thread, the caller does the work, and a lock is refused`() async {
    await #expect(processExitsWith: .success) {
      // Who waits for a thread for ever is ended.
      alarm(60)
      let pages = try #require(KernelFile.text("/proc/self/statm")?.split(separator: " ").first.flatMap { Int($0) })
      var limit = rlimit(rlim_cur: rlim_t(pages * 4096 + 256 << 20), rlim_max: .max)
      try #require(setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0)
      while SystemThread.start({ sleep(1000) }) {}
      let own = pthread_self()
      let strangers = Mutex(0)
      let look: @Sendable () -> Void = { if pthread_self() != own { strangers.withLock { $0 += 1 } } }
      let queue = BackgroundQueue()
      let order = Mutex<[Int]>([])
      for number in 0..<20 {
        queue.add {
          look()
          order.withLock { $0.append(number) }
        }
      }
      #expect(queue.wait(atMost: 0) && order.withLock { $0 } == Array(0..<20))
      let doubled = Array(0..<100).concurrentMap {
        look()
        return 2 * $0
      }
      #expect(doubled == (0..<100).map { 2 * $0 } && strangers.withLock { $0 } == 0)
      let writer = CheckpointWriter()
      writer.start(step: 5) {}
      #expect(writer.wait(atMost: 0) && writer.lastWritten == 5)
      try withScratchFolder { folder in
        let refusal = failure { _ = try RunLock(folder: folder) }
        #expect(refusal?.message.contains("the system starts no more threads") == true)
        let left = try FileManager.default.contentsOfDirectory(atPath: folder)
        #expect(left.isEmpty)
      }
    }
  }
}
