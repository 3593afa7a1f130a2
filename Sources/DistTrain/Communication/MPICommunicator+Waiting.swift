import CMPI
import Foundation

extension MPICommunicator {
  /// The seconds between two looks for the other ranks' questions.
  private static let lookInterval = 0.01

  /// Starts a part of an operation and waits until it is done; ends the job where the part fails or takes too long.
  func perform(_ operation: Operation, _ start: (UnsafeMutablePointer<CMPIRequest>) -> Int32) {
    var request = self.start(operation, start)
    wait(for: &request, operation)
  }

  /// Starts a part of an operation; ends the job where that fails.
  func start(_ operation: Operation, _ body: (UnsafeMutablePointer<CMPIRequest>) -> Int32) -> CMPIRequest {
    var request = CMPIRequest()
    check(body(&request), operation)
    return request
  }

  /// Moves all operations on and says whether this part is done; ends the job where the part fails.
  func test(_ request: inout CMPIRequest, _ operation: Operation) -> Bool {
    var done: Int32 = 0
    check(cmpi_test(&request, &done), operation)
    return done != 0
  }

  /// Waits until a part of an operation is done; ends the job where the part fails or takes too long.
  func wait(for request: inout CMPIRequest, _ operation: Operation) {
    let began = monotonicSeconds()
    var nextLook = began + Self.lookInterval
    while !test(&request, operation) {
      // Where ranks share a core, the one that computes should run first.
      sched_yield()
      let now = monotonicSeconds()
      guard now > nextLook else { continue }
      nextLook = now + Self.lookInterval
      watchdog.sayIfStopped(operation: operation, now: now)
      if case .end(let finding) = watchdog.look(operation: operation, waited: now - began, now: now) {
        end("svdist: rank \(rank) on \(hosts[rank]) \(finding)")
      }
    }
    watchdog.operationEnded()
  }

  /// Prints one line and ends all ranks.
  func end(_ line: String, kind: Failure.Kind = .failed) -> Never {
    StandardError.say(line)
    fflush(nil)
    cmpi_abort(Job.exitStatus(of: kind))
  }

  private func check(_ code: Int32, _ operation: Operation) {
    if code == 0 { return }
    let host = hosts.isEmpty ? hostName() : hosts[rank]
    end(
      "svdist: rank \(rank) on \(host) failed in \(operation): \(Self.describe(code)); the ranks may disagree about the "
        + "operation or its count")
  }

  /// MPI's words for a return code.
  static func describe(_ code: Int32) -> String {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 512) {
      cmpi_describe(code, $0.baseAddress, 512)
      return String(cString: $0.baseAddress!)
    }
  }
}
