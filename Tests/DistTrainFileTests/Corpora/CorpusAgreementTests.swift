import DistTrain
import TestTools
import Testing

@Suite struct CorpusAgreementTests {
  private func corpus(_ lengths: [Double]) -> Corpus {
    Corpus(
      lengths.enumerated().map { number, seconds in
        ListedUtterance(id: "u\(number)", speaker: "s\(number % 2)", path: "none", seconds: seconds)
      })
  }

  @Test func `ranks that opened the same corpus go on, others stop together`() throws {
    let (four, five, other) = (corpus([1, 2, 3, 4]), corpus([1, 2, 3, 4, 5]), corpus([1, 2, 3, 5]))
    _ = try ThreadCommunicator.run(ranks: 2) { try four.agree("data", $0) }
    for others in [five, other] {
      let messages = try ThreadCommunicator.run(ranks: 3) { communicator -> String in
        do {
          try (communicator.rank == 1 ? others : four).agree("data", communicator)
          return ""
        } catch let agreed as AgreedFailure {
          return agreed.failure.message
        }
      }
      #expect(messages.allSatisfy { $0.hasPrefix("data: ranks see different corpora, of 4 to") }, "\(messages)")
    }
  }
}
