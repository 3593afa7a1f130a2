import DistTrain
import TestTools
import Testing

/// The ranks that are chosen for a batch and a machine.
@Suite struct ConfigurationDraftRanksTests {
  private typealias Drafts = ConfigurationDraftTests

  @Test(arguments: [(1, 1), (6, 6), (16, 16), (64, 16)])
  func `there is a rank for each core, as far as a batch has units`(cores: Int, ranks: Int) throws {
    let draft = try Drafts.draft(Drafts.speechocean, cores: cores)
    #expect(draft.ranks == ranks && draft.configuration.batch.unit == 4 && draft.configuration.batch.rows == 64)
  }

  @Test(arguments: [(16, 4, 64), (17, 3, 64), (32, 2, 64), (64, 1, 64), (65, 1, 128), (200, 1, 256)])
  func `ranks that are asked for get units, or a larger batch`(ranks: Int, unit: Int, rows: Int) throws {
    let draft = try Drafts.draft(Drafts.voxceleb1) { $0.ranks = ranks }
    let configuration = draft.configuration
    #expect(draft.ranks == ranks && configuration.batch.unit == unit && configuration.batch.rows == rows)
    #expect(configuration.batch.units >= ranks)
    #expect(configuration.schedule.learningRate.initial == 0.1 * Double(rows) / 64)
    #expect(configuration.schedule.learningRate.final == 5e-5 * Double(rows) / 64)
  }

  @Test func `more ranks than the largest batch has rows are refused`() {
    let thrown = failure {
      _ = try Drafts.draft(Drafts.corpus(5, of: 9, seconds: 3)) { $0.ranks = 9 }
    }
    #expect(thrown?.kind == .usage)
    #expect(
      thrown?.message == "--ranks 9: a batch of the corpus's 5 speakers has 8 rows: give at most 8")
  }

  @Test func `where memory holds the parameters of few ranks, there are fewer`() throws {
    // C = 512 and 50,000 prototypes of 192 numbers: parameters, two gradients and one momentum take 0.25 GB.
    let many = Drafts.corpus(50_000, of: 2, seconds: 8)
    #expect(try Drafts.draft(many, cores: 8, memory: 100_000_000_000).ranks == 8)
    #expect(try Drafts.draft(many, cores: 8, memory: 1_140_000_000).ranks == 2)
    #expect(try Drafts.draft(many, cores: 8, memory: 1000).ranks == 1)
  }
}
