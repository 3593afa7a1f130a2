import DistTrain
import Testing

@Suite struct EmbeddingTurnsTests {
  @Test func `ranks take utterances in turn, the longest first`() {
    let seconds = [3, 25, 10, 20, 7, 300, 10.0]
    let longestFirst = [5, 1, 3, 6, 2, 4, 0]
    for ranks in 1...8 {
      for rank in 0..<ranks {
        let turns = EmbeddingTurns(seconds, rank: rank, ranks: ranks, threads: 2).groups.flatMap(\.turns)
        let own = longestFirst.enumerated().filter { $0.offset % ranks == rank }
        #expect(turns.map { [$0.place, $0.utterance] } == own.map { [$0.offset, $0.element] })
      }
    }
  }

  @Test func `an utterance of more than 20 s is alone in its group, and each thread has a minute of shorter ones`() {
    func counts(_ seconds: [Double], threads: Int) -> [Int] {
      EmbeddingTurns(seconds, rank: 0, ranks: 1, threads: threads).groups.map(\.turns.count)
    }
    let twenty = [Double](repeating: 20, count: 14)
    #expect(counts([20.01, 300] + twenty, threads: 1) == [1, 1, 3, 3, 3, 3, 2])
    #expect(counts([20.01, 300] + twenty, threads: 2) == [1, 1, 6, 6, 2])
    #expect(counts([300] + twenty, threads: 8) == [1, 14])
    #expect(counts([Double](repeating: 2.9, count: 100), threads: 2) == [40, 40, 20])
    #expect(counts([Double](repeating: 0, count: 1300), threads: 2) == [1200, 100])
    #expect(counts([], threads: 2).isEmpty)
  }

  @Test func `a group has the length of its longest utterance`() {
    let turns = EmbeddingTurns([3, 25, 10, 20, 7], rank: 0, ranks: 1, threads: 2)
    #expect(turns.groups.map(\.seconds) == [25, 20])
  }

  @Test func `at once are one long utterance, or as many short ones as threads, where there are so many`() {
    func most(_ seconds: [Double], threads: Int) -> [[Double]] {
      EmbeddingTurns(seconds, rank: 0, ranks: 1, threads: threads).mostAtOnce.map {
        [Double($0.utterances), $0.seconds]
      }
    }
    let mixed = [3, 300, 10, 20, 7, 40.0]
    #expect(most(mixed, threads: 1) == [[1, 300], [1, 20]])
    #expect(most(mixed, threads: 2) == [[1, 300], [2, 20]])
    #expect(most(mixed, threads: 8) == [[1, 300], [4, 20]])
    #expect(most([300, 30], threads: 2) == [[1, 300]])
    #expect(most([300, 20], threads: 8) == [[1, 300]])
    #expect(most([10, 20], threads: 8) == [[2, 20]])
    #expect(most([], threads: 2).isEmpty)
  }
}
