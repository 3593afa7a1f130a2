import DistTrain
import Foundation
import Testing

extension MPITests {
  /// Each operation against values computed directly, in one call of MPI and in many.
  @Suite struct OperationTests {
    enum Way: CaseIterable {
      case whole, inPieces

      var communicator: any Communicator { self == .whole ? World.communicator : World.inPieces }
    }

    /// Nothing, one, odd, whole pieces, one more, and more than one piece of a large sum.
    static let counts = [0, 1, 3, 5, 7, 64, 1001]
    static let largeCounts = counts + [(1 << 20) + 1, 2_500_003]

    /// The values that rank `rank` brings: every rank can compute what the others bring.
    static func values(of rank: Int, count: Int) -> [Double] {
      var stream = RandomStream(seed: 7, purpose: .test, item: rank, occurrence: count)
      return (0..<count).map { _ in stream.uniform(-1, 1) }
    }

    static func wholes(of rank: Int, count: Int) -> [Double] {
      values(of: rank, count: count).map { ($0 * 1000).rounded() }
    }

    static func isSameOnAllRanks<Value: BitwiseCopyable>(_ values: [Value]) -> Bool {
      let bytes = values.withUnsafeBytes { Array($0) }
      return World.communicator.broadcast(bytes) == bytes
    }

    @Test func `Ranks are numbered and have hosts`() {
      let communicator = World.communicator
      let ranks = communicator.gather("\(communicator.rank)")
      expectOnAllRanks(ranks == (0..<communicator.size).map { "\($0)" })
      expectOnAllRanks(communicator.hosts.count == communicator.size && !communicator.hosts.contains(""))
      let promised = JobLauncher.size(ProcessInfo.processInfo.environment)
      expectOnAllRanks(promised == communicator.size)
    }

    @Test(arguments: Way.allCases, largeCounts) func `A sum of floats`(way: Way, count: Int) {
      let communicator = way.communicator
      guard way == .whole || count < 10_000 else { return }
      var wholes = Self.wholes(of: communicator.rank, count: count).map { Float($0) }
      communicator.sum(&wholes)
      var expected = [Double](repeating: 0, count: count)
      var inexact = [Double](repeating: 0, count: count)
      for rank in 0..<communicator.size {
        for (index, value) in Self.wholes(of: rank, count: count).enumerated() { expected[index] += value }
        for (index, value) in Self.values(of: rank, count: count).enumerated() {
          inexact[index] += Double(Float(value))
        }
      }
      expectOnAllRanks(wholes.map { Double($0) } == expected)

      var values = Self.values(of: communicator.rank, count: count).map { Float($0) }
      communicator.sum(&values)
      expectOnAllRanks(zip(values, inexact).allSatisfy { abs(Double($0) - $1) <= 2e-6 })
      expectOnAllRanks(Self.isSameOnAllRanks(values), "the sums differ in their bits")
    }

    @Test(arguments: Way.allCases, counts) func `A sum of doubles`(way: Way, count: Int) {
      let communicator = way.communicator
      var values = Self.values(of: communicator.rank, count: count)
      communicator.sum(&values)
      var expected = [Double](repeating: 0, count: count)
      for rank in 0..<communicator.size {
        for (index, value) in Self.values(of: rank, count: count).enumerated() { expected[index] += value }
      }
      expectOnAllRanks(zip(values, expected).allSatisfy { abs($0 - $1) <= 1e-14 })
      expectOnAllRanks(Self.isSameOnAllRanks(values), "the sums differ in their bits")
    }

    @Test func `A sum keeps what is not a number`() {
      let communicator = World.communicator
      var values = [Float](repeating: 1, count: 9)
      if communicator.rank == communicator.size - 1 { values[4] = .nan }
      communicator.sum(&values)
      expectOnAllRanks(values[4].isNaN && values[3] == Float(communicator.size))
    }

    /// Rows of rank r: as many for all, none on rank 1, more on higher ranks.
    static func shares(_ count: Int, size: Int) -> [[Int]] {
      [
        Array(repeating: count, count: size), (0..<size).map { $0 == 1 ? 0 : count }, (0..<size).map { count + 3 * $0 },
      ]
    }

    @Test(arguments: Way.allCases, counts) func `Gathered rows come in the order of ranks`(way: Way, count: Int) {
      let communicator = way.communicator
      for counts in Self.shares(count, size: communicator.size) {
        let own = Self.values(of: communicator.rank, count: counts[communicator.rank]).map { Float($0) }
        var all = [Float](repeating: -9, count: counts.reduce(0, +))
        own.withUnsafeBufferPointer { own in
          all.withUnsafeMutableBufferPointer { communicator.gather(own, counts: counts, into: $0) }
        }
        let rows = counts.enumerated().map { rank, count in Self.values(of: rank, count: count) }
        expectOnAllRanks(all == rows.joined().map { Float($0) }, "counts \(counts)")
      }
    }

    /// Terms of each rank: one, none on rank 1, more on higher ranks.
    static func terms(size: Int) -> [TermShares] {
      [Array(repeating: 1, count: size), (0..<size).map { $0 == 1 ? 0 : 3 }, (0..<size).map { 2 * $0 + 1 }].map {
        counts in
        var end = 0
        return TermShares(
          counts.map { count in
            defer { end += count }
            return end..<end + count
          })
      }
    }

    /// Numbers of many sizes, so that a sum's bits tell its order.
    static func term(_ term: Int, count: Int) -> [Double] {
      var stream = RandomStream(seed: 17, purpose: .test, item: term, occurrence: count)
      return (0..<count).map { _ in stream.uniform(-1, 1) * exp(stream.uniform(-9, 9)) }
    }

    private static func sum<Value: FloatingPoint>(
      of node: Range<Int>, count: Int, _ value: (Double) -> Value
    ) -> [Value] {
      SumTree.sum(of: node) {
        term($0, count: count).map(value)
      } adding: {
        zip($0, $1).map(+)
      }
    }

    @Test(arguments: Way.allCases, counts + [700_001])
    func `A sum has the bits of its tree, whoever has the terms`(way: Way, count: Int) {
      let communicator = way.communicator
      guard way == .whole || count < 10_000 else { return }
      for terms in Self.terms(size: communicator.size) {
        let nodes = terms.nodes[communicator.rank]
        let all = 0..<terms.tree.terms
        let doubles = communicator.sum(
          nodes.flatMap { Self.sum(of: $0, count: count) { $0 } }, width: count, of: terms)
        expectOnAllRanks(doubles == Self.sum(of: all, count: count) { $0 }, "\(terms.tree.terms) terms of doubles")

        var values = nodes.map { Self.sum(of: $0, count: count) { Float($0) } }
        if values.isEmpty { values = [[Float](repeating: 9, count: count)] }
        let buffers = values.map { values in
          let buffer = UnsafeMutableBufferPointer<Float>.allocate(capacity: count)
          _ = buffer.initialize(from: values)
          return buffer
        }
        communicator.startSum(buffers, of: terms).wait()
        expectOnAllRanks(
          Array(buffers[0]) == Self.sum(of: all, count: count) { Float($0) }, "\(terms.tree.terms) terms of floats")
        for buffer in buffers { buffer.deallocate() }
      }
    }

    @Test func `The numbers of that test tell the order of three terms and more`() {
      let terms = (0..<7).map { Self.term($0, count: 64).map { Float($0) } }
      let inOrder = terms.dropFirst().reduce(terms[0]) { zip($0, $1).map(+) }
      expectOnAllRanks(Self.sum(of: 0..<7, count: 64) { Float($0) } != inOrder)
    }

    @Test(arguments: Way.allCases, counts) func `A broadcast brings every rank's bytes to all`(way: Way, count: Int) {
      let communicator = way.communicator
      for root in 0..<communicator.size {
        let expected = Self.values(of: root, count: count)
        var values = communicator.rank == root ? expected : [Double](repeating: 0, count: count)
        values.withUnsafeMutableBytes { communicator.broadcast($0, from: root) }
        expectOnAllRanks(values == expected, "from rank \(root)")
      }
    }

    @Test(arguments: Way.allCases, counts) func `Minimum and maximum go place by place`(way: Way, count: Int) {
      let communicator = way.communicator
      let own = Self.values(of: communicator.rank, count: count)
      let all = (0..<communicator.size).map { Self.values(of: $0, count: count) }
      let columns: [[Double]] = own.indices.map { place in all.map { $0[place] } }
      expectOnAllRanks(communicator.minimum(own) == columns.map { $0.min()! })
      expectOnAllRanks(communicator.maximum(own) == columns.map { $0.max()! })
    }

    @Test func `Minimum and maximum are not numbers where any rank's value is not`() {
      let communicator = World.communicator
      for culprit in 0..<communicator.size {
        let own = [communicator.rank == culprit ? Double.nan : 1, -Double.infinity]
        for result in [communicator.minimum(own), communicator.maximum(own)] {
          expectOnAllRanks(result[0].isNaN && result[1] == -.infinity)
        }
      }
    }

    @Test(arguments: Way.allCases, counts) func `Gathered bytes keep each rank's length`(way: Way, count: Int) {
      let communicator = way.communicator
      func bytes(of rank: Int) -> [UInt8] { (0..<(rank == 1 ? 0 : count + rank)).map { UInt8(($0 + 31 * rank) & 255) } }
      let all = communicator.gather(bytes(of: communicator.rank))
      expectOnAllRanks(all == (0..<communicator.size).map(bytes))
    }

    @Test func `No rank passes a barrier before the last has come`() throws {
      let communicator = World.communicator
      let folder = communicator.broadcast(
        FileManager.default.temporaryDirectory.appending(path: "svdist-barrier-\(UUID().uuidString)").path)
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      usleep(UInt32(20_000 * communicator.rank))
      _ = FileManager.default.createFile(atPath: "\(folder)/\(communicator.rank)", contents: nil)
      communicator.barrier()
      let files = try FileManager.default.contentsOfDirectory(atPath: folder)
      expectOnAllRanks(files.count == communicator.size)
      if communicator.rank == 0 { try FileManager.default.removeItem(atPath: folder) }
    }

    @Test func `Matrices and values travel as they are`() {
      let communicator = World.communicator
      let rank = communicator.rank
      let rows = (0..<communicator.size).map { $0 + 1 }
      let own = Matrix(rows: rank + 1, columns: 3)
      own.elements.update(repeating: Float(rank))
      let all = communicator.gather(own, rows: rows)
      let expected: [[Float]] = (0..<rows.count).map { [Float](repeating: Float($0), count: 3 * ($0 + 1)) }
      expectOnAllRanks(all.values == Array(expected.joined()))
      communicator.sum(all)
      expectOnAllRanks(all[0, 0] == 0 && all[all.rows - 1, 2] == Float(rows.count * (rows.count - 1)))
      all.elements.update(repeating: Float(rank))
      communicator.broadcast(all, from: rows.count - 1)
      expectOnAllRanks(all.values.allSatisfy { $0 == Float(rows.count - 1) })
      expectOnAllRanks(communicator.broadcast(rank, from: rows.count - 1) == rows.count - 1)
      expectOnAllRanks(communicator.broadcast(rank == 0 ? "step-00000010" : "") == "step-00000010")
      expectOnAllRanks(communicator.sum(0.5) == 0.5 * Double(rows.count))
    }
  }
}
