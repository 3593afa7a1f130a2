import DistTrain
import TestTools
import Testing

/// The code that computes the numbers of training gives the same bits on every CPU.
@Suite struct SameBitsTests {
  /// Whatever family of kernels runs, on whatever machine. Another value is another arithmetic: runs that go on, and
  /// ranks on hosts with the svdist before, would part from it. So it changes on purpose only, with a line in
  /// CHANGELOG.md.
  @Test func `products and kernels have the bits that they always had`() {
    #expect(Arithmetic.kernels == "d149667cb4be5e2a")
    #expect(Arithmetic.mapKernels == "3720a12be9f080f2")
    #expect(Arithmetic.channelKernels == "a94cfa9fd41156f7")
    #expect(Arithmetic.groupKernels == "b832adbd47ea48f4")
    #expect(Arithmetic.timeKernels == "b6652e0622a2d2b5")
    #expect(Arithmetic.gateKernels == "70fcdad8ec653591")
    #expect(Arithmetic.frameKernels == "f106b4ec9353fd76")
    #expect(Arithmetic.spectralKernels == "ce099af44b0514a2")
  }

  @Test func `a machine agrees with itself, and another is told by what it computes with`() {
    let own = Arithmetic.here(.single)
    #expect(own == Arithmetic.here(.single))
    #expect(own.difference(from: own) == nil)
    #expect(Set(own.checksums.values).count == own.checksums.count && own.checksums.count == 11)
    var other = own.checksums
    other["features"] = "0"
    other["the resampler"] = nil
    #expect(Arithmetic(checksums: other).difference(from: own) == "features")
    #expect(own.difference(from: Arithmetic(checksums: other)) == "features")
    other["the resampler"] = "0"
    #expect(own.difference(from: Arithmetic(checksums: other)) == "features, the resampler")
  }

  @Test func `ranks that compute otherwise are refused by rank and cause`() throws {
    let own = Arithmetic.here(.single)
    var checksums = own.checksums
    checksums["the C library's functions"] = "0"
    let other = Arithmetic(checksums: checksums)
    let failures = try ThreadCommunicator.run(ranks: 4) { communicator in
      #expect(throws: AgreedFailure.self) { try (communicator.rank == 2 ? other : own).agree(communicator) }
    }
    for failure in failures {
      let message = try #require(failure).failure.message
      #expect(message.hasPrefix("rank 2 on ") && message.contains("(the C library's functions): "), "\(message)")
    }
    _ = try ThreadCommunicator.run(ranks: 3) { try own.agree($0) }
  }
}
