import CMPI
import Synchronization

/// The ranks that an MPI launcher started.
///
/// Unchecked: its rank calls it from one thread at a time, which `isBusy` holds.
package final class MPICommunicator: Communicator, @unchecked Sendable {
  package let rank: Int
  package let size: Int
  package private(set) var hosts: [String] = []

  let communicator: CMPICommunicator
  /// The communicators of started sums.
  let terms: CMPICommunicator
  let results: CMPICommunicator
  /// The started sums whose terms have not all come.
  private var sums: [MPISum] = []
  private(set) var watchdog: Watchdog
  /// The largest number of elements in one call of MPI, which counts with 32 bits; operations on more are done in
  /// pieces.
  private let maximumCount: Int
  /// The number of elements in one piece of a large sum, which is faster in pieces that stay in the cache.
  private let sumCount: Int
  private var operations = 0
  private let isBusy = Atomic(false)

  /// Makes a communicator of all ranks. All ranks make it at the same point of their program, after MPI has started.
  /// - Parameters:
  ///   - channels: its own channels.
  ///   - timeout: the seconds that an operation waits before the job ends with the names of the missing ranks.
  ///   - maximumCount: the largest number of elements in one call of MPI.
  ///   - sumCount: the number of elements in one piece of a sum of floats.
  init(
    _ channels: MPIChannels, timeout: Double = 600, maximumCount: Int = Int(Int32.max), sumCount: Int = 1 << 20
  ) {
    precondition(0 < maximumCount && maximumCount <= Int(Int32.max) && 0 < sumCount, "counts of 1 to 2^31 - 1")
    communicator = channels.operations
    terms = channels.terms
    results = channels.results
    rank = channels.rank
    size = channels.size
    self.maximumCount = maximumCount
    self.sumCount = min(sumCount, maximumCount)
    let unknown = Array(repeating: "a host yet unknown", count: size)
    watchdog = Watchdog(communicator: channels.watch, rank: rank, hosts: unknown, processes: [], limit: timeout)
    hosts = gather(hostName())
    watchdog = Watchdog(
      communicator: channels.watch, rank: rank, hosts: hosts, processes: gatherValues(ProcessMark.own), limit: timeout)
    operations = 0
  }

  /// Makes a communicator with channels of its own.
  package convenience init(timeout: Double = 600, maximumCount: Int = Int(Int32.max), sumCount: Int = 1 << 20) {
    self.init(MPIChannels(), timeout: timeout, maximumCount: maximumCount, sumCount: sumCount)
  }

  package func startSum(_ values: [UnsafeMutableBufferPointer<Float>], of terms: TermShares) -> any PendingSum {
    if size == 1 { return SoleCommunicator().startSum(values, of: terms) }
    return collective("sum", values[0].count, "floats") { operation in
      let sum = MPISum(values, of: terms, pieces: Array(pieces(of: values[0].count, upTo: sumCount)), operation, self)
      sums.append(sum)
      return sum
    }
  }

  package func sum(_ values: [Double], width: Int, of terms: TermShares) -> [Double] {
    collective("sum", width, "doubles") { operation in
      let counts = terms.nodes.map { $0.count * width }
      var all = [Double](repeating: 0, count: terms.allNodes.count * width)
      values.withUnsafeBufferPointer { own in
        all.withUnsafeMutableBufferPointer {
          gather(own, counts: counts, into: $0, operation: operation, cmpi_gather_doubles)
        }
      }
      return Array(terms.total(of: all, width: width))
    }
  }

  /// Starts to share the sums whose terms have come, in the order in which all ranks started them.
  func advance() {
    while let first = sums.first, first.haveCome() { shareFirst() }
  }

  /// Waits for the terms of all sums up to `last`, and starts to share these sums.
  func advance(through last: MPISum) {
    while !last.isShared, let first = sums.first {
      first.waitUntilCome()
      shareFirst()
    }
  }

  private func shareFirst() { sums.removeFirst().shareSum() }

  package func gather(_ own: UnsafeBufferPointer<Float>, counts: [Int], into all: UnsafeMutableBufferPointer<Float>) {
    check(counts, own: own.count, all: all.count)
    collective("gather", all.count, "floats") {
      gather(own, counts: counts, into: all, operation: $0, cmpi_gather_floats)
    }
  }

  package func gather(_ own: UnsafeBufferPointer<Double>, counts: [Int], into all: UnsafeMutableBufferPointer<Double>) {
    check(counts, own: own.count, all: all.count)
    collective("gather", all.count, "doubles") {
      gather(own, counts: counts, into: all, operation: $0, cmpi_gather_doubles)
    }
  }

  package func broadcast(_ bytes: UnsafeMutableRawBufferPointer, from root: Int) {
    precondition((0..<size).contains(root), "there is no rank \(root)")
    collective("broadcast", bytes.count, "bytes", from: root) { broadcast(bytes, from: root, operation: $0) }
  }

  package func minimum(_ values: [Double]) -> [Double] {
    collective("minimum", values.count, "doubles") { extreme(of: values, operation: $0, Double.minimum) }
  }

  package func maximum(_ values: [Double]) -> [Double] {
    collective("maximum", values.count, "doubles") { extreme(of: values, operation: $0, Double.maximum) }
  }

  package func barrier() {
    collective("barrier", nil, "") { perform($0) { cmpi_barrier(communicator, $0) } }
  }

  package func announce(_ activity: String) { watchdog.activity = activity }

  package func gather(_ bytes: [UInt8]) -> [[UInt8]] {
    collective("gather of bytes", nil, "") { operation in
      let lengths = gather([Double(bytes.count)], operation: operation).map { Int($0) }
      var all = [UInt8](repeating: 0, count: lengths.reduce(0, +))
      bytes.withUnsafeBufferPointer { own in
        all.withUnsafeMutableBufferPointer {
          gather(own, counts: lengths, into: $0, operation: operation, cmpi_gather_bytes)
        }
      }
      return zip(offsets(of: lengths), lengths).map { Array(all[$0..<$0 + $1]) }
    }
  }

  package func abort(_ failure: Failure) -> Never {
    end(line(failure.message, rank: rank), kind: failure.kind)
  }

  private typealias Gather<Element> = (
    CMPICommunicator, UnsafePointer<Element>?, Int32, UnsafeMutablePointer<Element>?, UnsafePointer<Int32>?,
    UnsafePointer<Int32>?, UnsafeMutablePointer<CMPIRequest>?
  ) -> Int32

  private func gather<Element>(
    _ own: UnsafeBufferPointer<Element>, counts: [Int], into all: UnsafeMutableBufferPointer<Element>,
    operation: Operation, _ start: Gather<Element>
  ) {
    let offsets = offsets(of: counts)
    guard all.count > maximumCount else {
      let counts32 = counts.map(Int32.init)
      let offsets32 = offsets.map(Int32.init)
      counts32.withUnsafeBufferPointer { counts in
        offsets32.withUnsafeBufferPointer { offsets in
          perform(operation) {
            start(
              communicator, own.baseAddress, Int32(own.count), all.baseAddress, counts.baseAddress, offsets.baseAddress,
              $0)
          }
        }
      }
      return
    }
    _ = UnsafeMutableBufferPointer(rebasing: all[offsets[rank]..<offsets[rank] + own.count]).update(from: own)
    for root in 0..<size {
      let part = UnsafeMutableBufferPointer(rebasing: all[offsets[root]..<offsets[root] + counts[root]])
      broadcast(UnsafeMutableRawBufferPointer(part), from: root, operation: operation)
    }
  }

  /// The values of all ranks, rank after rank, the same number from each.
  private func gather(_ values: [Double], operation: Operation) -> [Double] {
    var all = [Double](repeating: 0, count: values.count * size)
    let counts = Array(repeating: values.count, count: size)
    values.withUnsafeBufferPointer { own in
      all.withUnsafeMutableBufferPointer {
        gather(own, counts: counts, into: $0, operation: operation, cmpi_gather_doubles)
      }
    }
    return all
  }

  private func broadcast(_ bytes: UnsafeMutableRawBufferPointer, from root: Int, operation: Operation) {
    for piece in pieces(of: bytes.count, upTo: maximumCount) {
      perform(operation) {
        cmpi_broadcast_bytes(
          communicator, bytes.baseAddress! + piece.lowerBound, Int32(piece.count), Int32(root), $0)
      }
    }
  }

  /// Folds the values of all ranks place by place. MPI leaves open what its minimum makes of values that are not
  /// numbers, so that ranks could see different results; here every rank folds the same values in the same order.
  private func extreme(
    of values: [Double], operation: Operation, _ fold: (Double, Double) -> Double
  ) -> [Double] {
    let all = gather(values, operation: operation)
    return values.indices.map { place in
      let column = (0..<size).map { all[$0 * values.count + place] }
      return column.contains(where: \.isNaN) ? .nan : column.dropFirst().reduce(column[0], fold)
    }
  }

  /// The offsets at which the ranks' stretches begin.
  private func offsets(of counts: [Int]) -> [Int] {
    var end = 0
    return counts.map { count in
      defer { end += count }
      return end
    }
  }

  private func pieces(of count: Int, upTo limit: Int) -> LazyMapSequence<StrideTo<Int>, Range<Int>> {
    stride(from: 0, to: count, by: limit).lazy.map { $0..<min($0 + limit, count) }
  }

  private func check(_ counts: [Int], own: Int, all: Int) {
    precondition(counts.count == size, "\(counts.count) counts for \(size) ranks")
    precondition(counts[rank] == own, "rank \(rank) promised \(counts[rank]) elements and has \(own)")
    precondition(counts.reduce(0, +) == all, "room for the elements of all ranks expected, not for \(all)")
  }

  /// Runs `body` as the next numbered operation, and keeps a second thread out.
  private func collective<Result>(
    _ verb: StaticString, _ count: Int?, _ unit: StaticString, from root: Int? = nil, _ body: (Operation) -> Result
  ) -> Result {
    alone {
      operations += 1
      return body(Operation(number: operations, verb: verb, count: count, unit: unit, root: root))
    }
  }

  /// Runs `body` and keeps a second thread out.
  func alone<Result>(_ body: () -> Result) -> Result {
    precondition(!isBusy.exchange(true, ordering: .acquiring), "two threads in one communicator")
    defer { isBusy.store(false, ordering: .releasing) }
    return body()
  }
}
