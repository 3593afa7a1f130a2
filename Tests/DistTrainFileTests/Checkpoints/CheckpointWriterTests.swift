import DistTrain
import Foundation
import Synchronization
import TestTools
import Testing

@Suite struct CheckpointWriterTests {
  @Test func `what was begun is written one after the other, and the caller goes on meanwhile`() {
    let writer = CheckpointWriter()
    let gate = DispatchSemaphore(value: 0)
    let order = Mutex<[Int]>([])
    for step in 1...3 {
      writer.start(step: step) {
        gate.wait()
        order.withLock { $0.append(step) }
      }
    }
    #expect(!writer.wait(atMost: 0.05))
    #expect(writer.takeOutcomes().isEmpty && writer.lastWritten == nil && writer.longestSeconds == nil)
    var questions = 0
    let isDone = writer.wait {
      questions += 1
      return questions == 2
    }
    #expect(!isDone && questions == 2)
    for _ in 1...3 { gate.signal() }
    #expect(writer.wait { false })
    #expect(writer.wait())
    #expect(order.withLock { $0 } == [1, 2, 3])
    #expect(writer.takeOutcomes().map(\.step) == [1, 2, 3])
    #expect(writer.takeOutcomes().isEmpty)
    #expect(writer.lastWritten == 3)
    #expect(writer.longestSeconds.map { $0 > 0 } == true)
  }

  @Test func `a failure is kept for who asks, and the last good checkpoint stays the last written`() {
    let writer = CheckpointWriter()
    writer.start(step: 5) {}
    writer.start(step: 10) { throw Failure(.failed, "no space") }
    writer.wait()
    let outcomes = writer.takeOutcomes()
    #expect(outcomes.map(\.step) == [5, 10])
    #expect(outcomes.map { $0.failure?.message } == [nil, "no space"])
    #expect(writer.lastWritten == 5)
    writer.note(written: 7)
    #expect(writer.lastWritten == 7)
  }
}
