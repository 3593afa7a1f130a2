import DistTrain
import TestTools
import Testing

@Suite struct ShardedClassifierTests {
  private static let speakers = 150
  /// Rows of speakers at both ends of pieces, of which two have the same one.
  private static let rows = [0, 0, 1, 2, 74, 75, 149, 149, 100]
  private let embeddings = LayerProbe.normal(9, 6, item: 50)

  static let softmaxes: [AdditiveAngularMarginSoftmax] =
    AdditiveAngularMarginSoftmax.Form.allCases.map { AdditiveAngularMarginSoftmax(form: $0, scale: 6) }
    + [1, 7, 200].map { AdditiveAngularMarginSoftmax(form: .additiveAngularMargin, scale: 20.3, interTopK: $0) }

  /// Prototypes of which some are equal, so that there are ties over the border of pieces.
  private func prototypes(subcenters: Int) -> Matrix {
    let table = LayerProbe.normal(Self.speakers * subcenters, 6, item: 51)
    for row in stride(from: 10, to: table.rows, by: 13) { table.rows(3..<4).copy(to: table.rows(row..<row + 1)) }
    return table
  }

  private func objectives(
    _ softmax: AdditiveAngularMarginSoftmax, subcenters: Int, attention: Double, speakers: Int = speakers,
    sharded: Bool
  ) -> BatchObjectives {
    BatchObjectives(
      softmax,
      SupervisedContrastiveLoss(
        temperature: 0.3, margin: AngularMargin(form: .angle, value: 0.2), denominator: .margined,
        attention: ClassAwareAttention(mode: .weight, scale: attention, stopGradient: false)),
      speakers: speakers, subcenters: subcenters, sharded: sharded)
  }

  @Test(arguments: softmaxes, [1, 3])
  func `losses and gradients are those of prototypes that every rank holds`(
    softmax: AdditiveAngularMarginSoftmax, subcenters: Int
  ) {
    let prototypes = prototypes(subcenters: subcenters)
    for attention in [softmax.scale, 3] {
      let outcomes = [false, true].map {
        objectives(softmax, subcenters: subcenters, attention: attention, sharded: $0)
          .evaluate(embeddings, speakers: Self.rows, prototypes: prototypes, warmth: 0.8)
      }
      for (one, other) in zip(outcomes[0].values, outcomes[1].values) { #expect(abs(one - other) < 2e-6 * one) }
      for (one, other) in zip(outcomes[0].gradients, outcomes[1].gradients) {
        #expect(relativeDistance(other.values, one.values) < 1e-5)
      }
      let gradients = outcomes.map { $0.prototypeGradient(of: prototypes).values }
      #expect(relativeDistance(gradients[1], gradients[0]) < 1e-5)
    }
  }

  private struct Outcome: Equatable {
    var values: [Double] = []
    var gradients: [[Float]] = [[], []]
    var prototypes: [Float] = []
  }

  /// What so many ranks compute together, their parts one after the other.
  private func outcome(
    ranks: Int, _ objectives: BatchObjectives, prototypes: Matrix, speakers: [Int] = rows
  ) throws -> Outcome {
    let embeddings = embeddings
    let parts = try ThreadCommunicator.run(ranks: ranks) { communicator in
      let own = objectives.held(by: communicator)
      let cut = BatchCut(rows: speakers.count, unit: 1, ranks: ranks)
      let rows = Matrix(rows: cut.rows(of: communicator.rank).count, columns: 6)
      embeddings.rows(cut.rows(of: communicator.rank)).copy(to: rows.view)
      let pieces = try #require(own.pieces)
      let stretch = pieces.rows(of: pieces.own)
      let table = Matrix(rows: stretch.count, columns: 6)
      prototypes.rows(stretch).copy(to: table.view)
      let losses = own.evaluate(
        GatheredRows(
          rows, speakers: speakers, cut: cut, moment: .init(margin: 0.2, warmth: 0.8), pieces: own.pieces,
          communicator: communicator), parameters: table.flat)
      return Outcome(
        values: losses.values, gradients: losses.gradients.map(\.values),
        prototypes: losses.prototypeGradient(of: table).values)
    }
    var whole = Outcome()
    for part in parts {
      #expect(part.values == parts[0].values)
      whole.values = part.values
      for index in 0..<2 { whole.gradients[index] += part.gradients[index] }
      whole.prototypes += part.prototypes
    }
    return whole
  }

  @Test(arguments: softmaxes, [1, 3])
  func `any number of ranks gives the same bits`(softmax: AdditiveAngularMarginSoftmax, subcenters: Int) throws {
    let prototypes = prototypes(subcenters: subcenters)
    for attention in [softmax.scale, 3] {
      let objectives = objectives(softmax, subcenters: subcenters, attention: attention, sharded: true)
      let alone = try outcome(ranks: 1, objectives, prototypes: prototypes)
      for ranks in [2, 3, 5, 8] {
        let together = try outcome(ranks: ranks, objectives, prototypes: prototypes)
        #expect(together == alone, "\(ranks) ranks")
      }
    }
  }

  @Test func `ranks beyond the number of speakers hold none, and the bits are the same`() throws {
    let prototypes = LayerProbe.normal(Self.speakers, 6, item: 52)
    let softmax = AdditiveAngularMarginSoftmax(form: .additiveAngularMargin, scale: 6, interTopK: 2)
    let objectives = objectives(softmax, subcenters: 50, attention: 3, speakers: 3, sharded: true)
    let rows = [0, 0, 1, 2, 1, 2, 0, 1, 2]
    let alone = try outcome(ranks: 1, objectives, prototypes: prototypes, speakers: rows)
    let together = try outcome(ranks: 5, objectives, prototypes: prototypes, speakers: rows)
    #expect(together == alone)
  }

  @Test(arguments: [0.02, 0.5]) func `drawn speakers are compared with as if there were no others`(share: Double) {
    let (table, sampling) = (prototypes(subcenters: 2), SpeakerSampling(share: share, seed: 7))
    let softmax = AdditiveAngularMarginSoftmax(form: .additiveAngularMargin, scale: 6, interTopK: 3)
    let pieces = PrototypePieces(speakers: Self.speakers, subcenters: 2)
    let drawn = (0..<pieces.count).flatMap { piece -> [Int] in
      let speakers = pieces.speakers(of: piece)
      let own = Set(Self.rows.filter(speakers.contains).map { $0 - speakers.lowerBound })
      return sampling.speakers(ofPiece: piece, count: speakers.count, step: 0, with: own).map {
        $0 + speakers.lowerBound
      }
    }
    #expect(Set(drawn).isSuperset(of: Self.rows) && drawn == drawn.sorted())
    #expect(abs(Double(drawn.count) / Double(Self.speakers) - share) < 0.1)
    let some = Matrix(rows: 2 * drawn.count, columns: 6)
    for (place, speaker) in drawn.enumerated() {
      table.rows(2 * speaker..<2 * speaker + 2).copy(to: some.rows(2 * place..<2 * place + 2))
    }
    let sampled = BatchObjectives(
      [softmax], classifier: ShardedClassifier(speakers: Self.speakers, subcenters: 2, sampling: sampling)
    ).evaluate(embeddings, speakers: Self.rows, prototypes: table)
    let plain = BatchObjectives([softmax], classifier: PrototypeClassifier(speakers: drawn.count, subcenters: 2))
      .evaluate(embeddings, speakers: Self.rows.map { drawn.firstIndex(of: $0) ?? -1 }, prototypes: some)
    #expect(abs(sampled.values[0] - plain.values[0]) < 2e-6 * plain.values[0])
    #expect(relativeDistance(sampled.gradients[0].values, plain.gradients[0].values) < 1e-5)
    let (all, expected) = (sampled.prototypeGradient(of: table), plain.prototypeGradient(of: some))
    for speaker in 0..<Self.speakers {
      let rows = Array(all.values[12 * speaker..<12 * speaker + 12])
      guard let place = drawn.firstIndex(of: speaker) else {
        #expect(rows.allSatisfy { $0 == 0 })
        continue
      }
      let same = Array(expected.values[12 * place..<12 * place + 12])
      let distance = zip(rows, same).reduce(Float(0)) { max($0, abs($1.0 - $1.1)) }
      #expect(distance < 1e-6, "\(speaker)")
    }
  }

  @Test func `each step draws other speakers, and each piece`() {
    let sampling = SpeakerSampling(share: 0.3, seed: 7)
    func drawn(_ piece: Int, _ step: Int) -> [Int] {
      sampling.speakers(ofPiece: piece, count: 1000, step: step, with: [5])
    }
    let draws = [drawn(0, 0), drawn(0, 1), drawn(1, 0)]
    #expect(Set(draws).count == 3 && draws[0] == drawn(0, 0))
    for draw in draws { #expect(draw.contains(5) && abs(draw.count - 300) < 60) }
  }

  @Test func `one speaker has no others: the loss and its gradient are 0`() {
    let objectives = objectives(Self.softmaxes[3], subcenters: 1, attention: 20.3, speakers: 1, sharded: true)
    let prototypes = LayerProbe.normal(1, 6, item: 53)
    let losses = objectives.evaluate(embeddings, speakers: Self.rows.map { _ in 0 }, prototypes: prototypes)
    #expect(losses.values[0] == 0)
    #expect(losses.gradients[0].values.allSatisfy { $0 == 0 })
    #expect(losses.prototypeGradient(of: prototypes).values.allSatisfy { $0 == 0 })
  }

  @Test func `numbers that are not finite are seen in the loss`() {
    let broken = Matrix(rows: 9, columns: 6, embeddings.values)
    broken[4, 2] = .nan
    let objectives = objectives(Self.softmaxes[3], subcenters: 1, attention: 20.3, sharded: true)
    let losses = objectives.evaluate(broken, speakers: Self.rows, prototypes: prototypes(subcenters: 1))
    #expect(losses.values[0].isNaN)
  }

  @Test func `pieces are stretches of all speakers, and holders have whole pieces`() throws {
    for speakers in [1, 5, 63, 64, 65, 1000, 1_000_003] {
      for holders in [1, 2, 3, 64, 70] {
        let all = (0..<holders).map { PrototypePieces(speakers: speakers, subcenters: 2, holder: $0, of: holders) }
        let count = all[0].count
        #expect(count == min(speakers, 64) && all.flatMap(\.own) == Array(0..<count))
        let ends = (0..<count).map { all[0].speakers(of: $0) }
        #expect(ends[0].lowerBound == 0 && ends[count - 1].upperBound == speakers)
        #expect(zip(ends, ends.dropFirst()).allSatisfy { $0.upperBound == $1.lowerBound })
        #expect(ends.allSatisfy { ($0.count - speakers / count) * ($0.count - speakers / count - 1) == 0 })
        let rows = all.map { $0.rows(of: $0.own).count }
        #expect(rows.reduce(0, +) == 2 * speakers)
      }
    }
  }
}
