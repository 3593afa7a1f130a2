import DistTrain
import TestTools
import Testing

@Suite struct CommunicatorTests {
  @Test func `One rank alone keeps what it has`() throws {
    let communicator = SoleCommunicator()
    let matrix = Matrix(rows: 2, columns: 3, [1, 2, 3, 4, 5, 6])
    communicator.sum(matrix)
    communicator.broadcast(matrix)
    #expect(matrix.values == [1, 2, 3, 4, 5, 6])
    #expect(communicator.gather(matrix, rows: [2]).values == matrix.values)
    #expect(communicator.sum([3, 4], width: 2, of: TermShares([0..<5])) == [3, 4])
    #expect(communicator.minimum([3, -1]) == [3, -1])
    #expect(communicator.maximum([3, -1]) == [3, -1])
    #expect(communicator.gather("utterance") == ["utterance"])
    #expect(communicator.broadcast(0.5) == 0.5)
    #expect(communicator.hosts.count == 1)
    #expect(communicator.census == "1 rank on 1 host")
  }

  @Test(arguments: 1...4) func `Ranks that are threads do what ranks do`(ranks: Int) throws {
    let results = try ThreadCommunicator.run(ranks: ranks) { communicator in
      let rank = communicator.rank
      var values = [Float(rank), 1]
      communicator.sum(&values)
      let rows = (0..<communicator.size).map { $0 + 1 }
      let own = Matrix(rows: rank + 1, columns: 2)
      own.elements.update(repeating: Float(rank))
      let all = communicator.gather(own, rows: rows)
      let texts = communicator.gather(String(repeating: "x", count: rank))
      return Seen(
        sum: values, gathered: all.values, last: communicator.broadcast(rank, from: ranks - 1),
        maximum: communicator.maximum(Double(rank)), lengths: texts.map(\.count))
    }
    let all: [[Float]] = (0..<ranks).map { [Float](repeating: Float($0), count: 2 * ($0 + 1)) }
    for seen in results {
      #expect(seen.sum == [Float(ranks * (ranks - 1) / 2), Float(ranks)])
      #expect(seen.gathered == Array(all.joined()))
      #expect(seen.last == ranks - 1)
      #expect(seen.maximum == Double(ranks - 1))
      #expect(seen.lengths == Array(0..<ranks))
    }
  }

  private struct Seen {
    let sum: [Float]
    let gathered: [Float]
    let last: Int
    let maximum: Double
    let lengths: [Int]
  }

  @Test(arguments: 1...4) func `Ranks share items without a gap, and the first item's failure is told`(ranks: Int)
    throws
  {
    for count in [0, 1, 3, 10] {
      let shares = try ThreadCommunicator.run(ranks: ranks) { communicator in
        let single = try communicator.shared(count) { $0.map { Float(10 * $0) } }
        let pairs = try communicator.shared(count, width: 2) { $0.flatMap { [Double($0), 0.5] } }
        return (communicator.shares(of: count), single, pairs)
      }
      for (all, single, pairs) in shares {
        #expect(Array(all.joined()) == Array(0..<count) && all.count == ranks)
        #expect((all.map(\.count).max() ?? 0) - (all.map(\.count).min() ?? 0) <= 1)
        #expect(single == (0..<count).map { Float(10 * $0) })
        #expect(pairs == (0..<count).flatMap { [Double($0), 0.5] })
      }
    }
    let told = try ThreadCommunicator.run(ranks: ranks) { communicator in
      failure {
        _ = try communicator.shared(10) { share in
          if let bad = share.first(where: { $0 > 2 }) { throw Failure(.badData, "item \(bad)") }
          return share.map { Float($0) }
        }
      }?.message
    }
    #expect(told == [String?](repeating: "item 3", count: ranks))
    let alone = #expect(throws: Failure.self) {
      try SoleCommunicator.run { try $0.shared(1) { _ in throw Failure(.usage, "no") } }
    }
    #expect(alone?.message == "no" && alone?.kind == .usage)
  }

  @Test func `What no rank fails at returns each rank's own result`() throws {
    let results = try ThreadCommunicator.run(ranks: 3) { communicator in
      try communicator.agree { communicator.rank * 10 }
    }
    #expect(results == [0, 10, 20])
  }

  @Test func `A failure of some ranks is thrown by all and printed by the lowest of them`() throws {
    let failures = try ThreadCommunicator.run(ranks: 4) { communicator in
      #expect(throws: AgreedFailure.self) {
        try communicator.agree {
          if communicator.rank >= 2 { throw Failure(.badData, "file \(communicator.rank) is empty") }
        }
      }
    }
    for (rank, failure) in failures.enumerated() {
      let failure = try #require(failure)
      #expect(failure.failure.kind == .badData)
      #expect(failure.failure.message == "file 2 is empty")
      #expect(failure.rank == 2)
      #expect(failure.isMine == (rank == 2))
      #expect(failure.line.hasPrefix("svdist: rank 2 on ") && failure.line.hasSuffix(": file 2 is empty"))
    }
  }

  @Test func `A failure of all ranks is no one rank's`() throws {
    let failures = try ThreadCommunicator.run(ranks: 2) { communicator in
      #expect(throws: AgreedFailure.self) {
        try communicator.agree { try communicator.agree { throw Failure(.usage, "unknown setting crop.second") } }
      }
    }
    for (rank, failure) in failures.enumerated() {
      #expect(failure?.line == "svdist: unknown setting crop.second")
      #expect(failure?.isMine == (rank == 0))
      #expect(failure?.failure.kind == .usage)
    }
  }
}
