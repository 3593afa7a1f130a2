import DistTrain
import Testing

extension MPITests {
  @Suite struct AgreementTests {
    @Test func `What no rank fails at returns each rank's own result`() throws {
      let rank = World.communicator.rank
      let result = try World.communicator.agree { rank * 10 }
      expectOnAllRanks(result == rank * 10)
    }

    @Test func `A failure of any rank is thrown by all and printed by that rank`() {
      let communicator = World.communicator
      for culprit in 0..<communicator.size {
        var agreed: AgreedFailure?
        do {
          try communicator.agree {
            if communicator.rank == culprit { throw Failure(.badData, "file \(culprit) is empty") }
          }
        } catch {
          agreed = error as? AgreedFailure
        }
        expectOnAllRanks(agreed?.failure.message == "file \(culprit) is empty" && agreed?.failure.kind == .badData)
        expectOnAllRanks(agreed?.rank == culprit && agreed?.isMine == (communicator.rank == culprit))
        let name = communicator.size == 1 ? "" : "rank \(culprit) on \(communicator.hosts[culprit]): "
        expectOnAllRanks(agreed?.line == "svdist: \(name)file \(culprit) is empty")
      }
    }
  }
}
