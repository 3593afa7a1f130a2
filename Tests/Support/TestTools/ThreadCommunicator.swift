import DistTrain
import Foundation

/// Ranks that are threads of this process: what several ranks do, without MPI.
package final class ThreadCommunicator: Communicator, @unchecked Sendable {
  package let rank: Int
  package let size: Int
  private let table: Table

  private init(rank: Int, table: Table) {
    self.rank = rank
    self.table = table
    size = table.size
  }

  /// Runs `body` on that many ranks and waits for all.
  /// - Returns: their results in the order of ranks.
  package static func run<Result>(ranks: Int, _ body: @escaping @Sendable (ThreadCommunicator) throws -> Result) throws
    -> [Result]
  {
    let table = Table(size: ranks)
    let results = Results<Result>(count: ranks)
    let group = DispatchGroup()
    for rank in 0..<ranks {
      group.enter()
      let thread = Thread {
        results.outcomes[rank] = Swift.Result { try body(ThreadCommunicator(rank: rank, table: table)) }
        group.leave()
      }
      thread.stackSize = 16 << 20
      thread.start()
    }
    group.wait()
    return try (0..<ranks).map { try results.outcomes[$0]!.get() }
  }

  package func gather(_ own: UnsafeBufferPointer<Float>, counts: [Int], into all: UnsafeMutableBufferPointer<Float>) {
    collect(own, counts: counts, into: all)
  }

  package func gather(_ own: UnsafeBufferPointer<Double>, counts: [Int], into all: UnsafeMutableBufferPointer<Double>) {
    collect(own, counts: counts, into: all)
  }

  private func collect<Element>(
    _ own: UnsafeBufferPointer<Element>, counts: [Int], into all: UnsafeMutableBufferPointer<Element>
  ) {
    precondition(own.count == counts[rank] && all.count == counts.reduce(0, +), "counts of all ranks expected")
    _ = all.update(fromContentsOf: exchange(Array(own)).joined())
  }

  package func broadcast(_ bytes: UnsafeMutableRawBufferPointer, from root: Int) {
    bytes.copyBytes(from: exchange(Array(bytes))[root])
  }

  package func minimum(_ values: [Double]) -> [Double] { fold(values, Double.minimum) }

  package func maximum(_ values: [Double]) -> [Double] { fold(values, Double.maximum) }

  package func barrier() { _ = exchange(0) }

  package func gather(_ bytes: [UInt8]) -> [[UInt8]] { exchange(bytes) }

  private func fold(_ values: [Double], _ function: (Double, Double) -> Double) -> [Double] {
    let rows = exchange(values)
    return values.indices.map { place in
      let column = rows.map { $0[place] }
      return column.contains(where: \.isNaN) ? .nan : column.dropFirst().reduce(column[0], function)
    }
  }

  /// Every rank's value, on every rank.
  private func exchange<Value>(_ value: Value) -> [Value] {
    table.put(value, of: rank)
    let all = table.values().map { value in
      guard let value = value as? Value else { preconditionFailure("the ranks are in different operations") }
      return value
    }
    table.meet()
    return all
  }

  private final class Results<Result>: @unchecked Sendable {
    var outcomes: UnsafeMutableBufferPointer<Swift.Result<Result, any Error>?>

    init(count: Int) {
      outcomes = .allocate(capacity: count)
      outcomes.initialize(repeating: nil)
    }

    deinit {
      outcomes.deinitialize()
      outcomes.deallocate()
    }
  }

  /// The table where ranks lay down values and meet.
  private final class Table: @unchecked Sendable {
    let size: Int
    private let condition = NSCondition()
    private var places: [Any?]
    private var arrived = 0
    private var meeting = 0

    init(size: Int) {
      self.size = size
      places = Array(repeating: nil, count: size)
    }

    func put(_ value: Any, of rank: Int) {
      condition.withLock { places[rank] = value }
      meet()
    }

    func values() -> [Any] { condition.withLock { places.map { $0! } } }

    /// Waits until all ranks are here.
    func meet() {
      condition.withLock {
        let mine = meeting
        arrived += 1
        if arrived == size {
          arrived = 0
          meeting += 1
          condition.broadcast()
        }
        while meeting == mine { condition.wait() }
      }
    }
  }
}
