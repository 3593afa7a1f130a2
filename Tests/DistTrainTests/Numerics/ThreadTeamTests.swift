import DistTrain
import Foundation
import Synchronization
import TestTools
import Testing

@Suite struct ThreadTeamTests {
  @Test(arguments: [0, 1, 2, 7, 1000])
  func `each piece of a loop is done once, loop after loop`(count: Int) {
    ThreadTeam.shared.grow(to: 3)
    let done = Mutex([Int](repeating: 0, count: count))
    for _ in 0..<50 {
      ThreadTeam.shared.run(count) { index in done.withLock { $0[index] += 1 } }
    }
    #expect(done.withLock { $0 } == [Int](repeating: 50, count: count))
  }

  @Test(.disabled(if: AddressSanitizer.isOn, "the sanitizer needs more addresses than the limit leaves"))
  func `a team has as many threads as the system starts, and its loops end`() async {
    await #expect(processExitsWith: .success) {
      // Room for some of the threads' stacks.
      let pages = try #require(KernelFile.text("/proc/self/statm")?.split(separator: " ").first.flatMap { Int($0) })
      var limit = rlimit(rlim_cur: rlim_t(pages * 4096 + 256 << 20), rlim_max: .max)
      try #require(setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0)
      let team = ThreadTeam()
      team.grow(to: 1000)
      #expect((1..<100).contains(team.size))
      let done = Mutex(0)
      for _ in 0..<50 { team.run(100) { _ in done.withLock { $0 += 1 } } }
      #expect(done.withLock { $0 } == 5000)
    }
  }

  private final class Growth: Sendable {
    let isOver = Atomic(false)
    /// The threads that still worked in loops that were over.
    let late = Atomic(0)
  }

  @Test func `threads may be added while another thread runs loops`() async {
    for _ in 0..<300 {
      let (team, growth) = (ThreadTeam(), Growth())
      let looping = Task.detached {
        while !growth.isOver.load(ordering: .acquiring) {
          let working = Atomic(0)
          team.run(16) { _ in
            working.add(1, ordering: .acquiringAndReleasing)
            for _ in 0..<20 { sched_yield() }
            working.subtract(1, ordering: .acquiringAndReleasing)
          }
          growth.late.add(working.load(ordering: .acquiring), ordering: .relaxed)
        }
      }
      for size in 2...4 { team.grow(to: size) }
      growth.isOver.store(true, ordering: .releasing)
      await looping.value
      #expect(growth.late.load(ordering: .acquiring) == 0 && team.size == 4)
    }
  }

  @Test func `a loop within a loop is done too`() {
    ThreadTeam.shared.grow(to: 3)
    let sum = Mutex(0)
    inParallel(20) { row in
      inPieces(200_000) { range in sum.withLock { $0 += row * range.count } }
    }
    #expect(sum.withLock { $0 } == 190 * 200_000)
  }

  @Test func `a loop within a loop is its own thread's alone`() {
    let team = ThreadTeam()
    team.grow(to: 3)
    let strangers = Mutex(0)
    team.run(20) { _ in
      let own = pthread_self()
      #expect(team.available == 1)
      team.run(20) { _ in if pthread_self() != own { strangers.withLock { $0 += 1 } } }
    }
    #expect(strangers.withLock { $0 } == 0 && team.available == 3)
  }

  @Test(arguments: 1...3) func `results come in order, up to the first error`(threads: Int) throws {
    let team = ThreadTeam()
    team.grow(to: threads)
    let all = try team.results(40) { $0 }.map { try $0.get() }
    #expect(all == Array(0..<40) && team.results(0) { $0 }.isEmpty)
    for _ in 0..<100 {
      let results = team.results(40) { index -> Int in
        if index % 7 == 6 { throw Failure(.failed, "error \(index)") }
        return index
      }
      let values = try results.dropLast().map { try $0.get() }
      let told = failure { _ = try results.last?.get() }
      #expect(values == Array(0..<6) && told?.message == "error 6")
    }
  }

  @Test func `once a call has thrown, none of a higher number begins`() {
    let alone = ThreadTeam()
    let begun = Mutex<[Int]>([])
    _ = alone.results(9) { index in
      begun.withLock { $0.append(index) }
      if index == 4 { throw Failure(.failed, "error") }
    }
    #expect(begun.withLock { $0 } == [0, 1, 2, 3, 4])
  }
}
