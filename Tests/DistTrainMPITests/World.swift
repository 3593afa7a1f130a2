import DistTrain
import Foundation
import Testing

/// The ranks that mpirun started: `mpirun -n 2 svdistPackageTests.xctest --testing-library swift-testing …`.
enum World {
  static let isLaunched = JobLauncher(ProcessInfo.processInfo.environment) != nil

  /// All ranks; MPI starts with its first use and ends with the process.
  static let communicator: any Communicator = {
    do {
      return try Job.start(timeout: 120)
    } catch {
      fatalError("\(error)")
    }
  }()

  /// The same ranks with all operations in many pieces.
  static let inPieces: any Communicator = {
    _ = communicator
    return MPICommunicator(timeout: 120, maximumCount: 7, sumCount: 5)
  }()
}

/// Holds every test that needs the ranks of mpirun, so that they run one after the other, in the same order on all
/// ranks. A further suite is an extension of this type: ```swift extension MPITests {
///   @Suite struct TrainingTests {
///     @Test func `…`() { expectOnAllRanks(…) }
///   }
/// }
/// ```
/// Every test runs on every number of ranks. `scripts/test` counts them.
@Suite(.serialized, .enabled(if: World.isLaunched, "needs mpirun"), .ranksTogether) enum MPITests {}

/// Records a failure on every rank where the condition is false on any: all ranks leave the test with one verdict.
func expectOnAllRanks(
  _ condition: Bool, _ comment: @autoclosure () -> Comment = "", sourceLocation: SourceLocation = #_sourceLocation
) {
  let verdicts = World.communicator.gather([condition ? 1 : 0])
  let failed = verdicts.indices.filter { verdicts[$0] == [0] }
  #expect(failed.isEmpty, "\(comment()) on ranks \(failed) of \(verdicts.count)", sourceLocation: sourceLocation)
}

/// Stops where the ranks are not in the same test: their operations would meet each other's.
struct RanksTogether: SuiteTrait, TestTrait, TestScoping {
  var isRecursive: Bool { true }

  func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
  ) async throws {
    let names = World.communicator.gather("\(test.id)")
    precondition(Set(names).count == 1, "the ranks are in different tests: \(names)")
    try await function()
  }
}

extension Trait where Self == RanksTogether {
  static var ranksTogether: Self { RanksTogether() }
}
