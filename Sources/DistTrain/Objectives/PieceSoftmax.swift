internal import CKernels
import Foundation

/// A softmax over all speakers of which each holder computes its own prototypes' part: the exponentials of the scaled
/// cosines of all rows with these, and what holders tell each other of all pieces.
///
/// A row's own speaker is kept apart from the others, because losses treat it in another way.
struct PieceSoftmax {
  /// What is known of a row from all pieces.
  struct Row {
    /// The cosine with the row's own speaker.
    let target: Double
    /// The largest logit of another speaker; −∞ where there is none.
    let highest: Double
    /// The sum of exp(logit − highest) over other speakers.
    let sum: Double

    /// The softmax where the row's own speaker has a given logit.
    /// - Returns: the logarithm of the sum of all exponentials, the share of the row's own speaker, and that of all
    ///   others, which is its complement without cancellation.
    func shares(own logit: Double) -> (logSum: Double, own: Double, others: Double) {
      let highest = max(self.highest, logit)
      let others = sum == 0 ? 0 : sum * exp(self.highest - highest)
      let own = exp(logit - highest)
      return (highest + log(others + own), own / (others + own), others / (others + own))
    }
  }

  /// A row's own speaker in a piece of this holder.
  private struct Target {
    /// The index of the piece among this holder's.
    let piece: Int
    /// The speaker's number within the piece.
    let speaker: Int
    /// The nearest of its prototypes, by its number within the piece.
    let prototype: Int
    let cosine: Float
  }

  /// The factor of the cosines, a float: the kernel takes one.
  let scale: Double
  let rows: [Row]
  private let table: PrototypeTable
  private let batch: ObjectiveBatch
  /// The exponentials of each of this holder's pieces, rows × its prototypes: exp(logit − the highest of row and piece),
  /// and 0 for the row's own speaker and for subcentres that are not the nearest. Where a speaker is made harder, it is
  /// multiplied by the slope of its logit over the scale.
  private let exponentials: [Matrix]
  /// The highest logit of each of this holder's pieces and each row.
  private let highest: Matrix
  /// Each row's own speaker; nil where another holder has it.
  private let targets: [Target?]

  /// Compares all rows with this holder's prototypes. All holders call this together.
  /// - Parameter harder: the margin against the nearest other speakers, and the number of these; nil for none.
  init(
    _ table: PrototypeTable, _ batch: ObjectiveBatch, scale: Double, harder: (margin: AngularMargin, count: Int)? = nil
  ) {
    self.table = table
    self.batch = batch
    self.scale = Double(Float(scale))
    let (pieces, count) = (table.pieces, batch.speakers.count)
    let cosines = (0..<pieces.own.count).map {
      SpeakerCosines(
        embeddings: batch.embeddings.view, prototypes: table.directions(ofPiece: $0).unit,
        subcenters: pieces.subcenters)
    }
    targets = Self.takeOut(batch.speakers, of: cosines, table)
    var slopes: [(place: Place, factor: Float)] = []
    if let harder {
      let nearest = NearestSpeakers(cosines, table, count: harder.count)
      slopes = Self.harden(nearest.ofAll(batch.pieces.collect, rows: count), harder.margin, cosines, table)
    }
    highest = Matrix(rows: cosines.count, columns: count)
    let sums = cosines.enumerated().map { [highest] in
      Self.exponentiate($1.values, scale: Float(scale), highest: highest.rows($0..<$0 + 1))
    }
    for (row, target) in targets.enumerated() {
      if let target { cosines[target.piece].values[row, target.speaker] = 0 }
    }
    for (place, factor) in slopes { cosines[place.piece].values[place.row, place.speaker] *= factor }
    exponentials = cosines.map { $0.spread($0.values) }
    let told = cosines.indices.flatMap { [highest, targets] piece in
      (0..<count).flatMap { row -> [Double] in
        let target = targets[row].flatMap { $0.piece == piece ? Double($0.cosine) : nil }
        return [Double(highest[piece, row]), sums[piece][row], target ?? 0]
      }
    }
    rows = Self.rows(batch.pieces.gather(told, 3 * count), count: count)
  }

  /// Takes each row's own speaker out of the others, where a piece of this holder has it.
  private static func takeOut(
    _ speakers: [Int], of cosines: [SpeakerCosines], _ table: PrototypeTable
  ) -> [Target?] {
    speakers.enumerated().map { row, speaker in
      guard let place = Place(row: row, speaker, table) else { return nil }
      let own = cosines[place.piece]
      let cosine = own.values[row, place.speaker]
      own.values[row, place.speaker] = -.infinity
      return Target(
        piece: place.piece, speaker: place.speaker, prototype: own.prototype(row, place.speaker), cosine: cosine)
    }
  }

  /// The place of a row and a speaker in this holder's pieces.
  private struct Place {
    let row: Int
    let piece: Int
    let speaker: Int

    /// Nil where another holder has the speaker.
    init?(row: Int, _ speaker: Int, _ table: PrototypeTable) {
      guard let place = table.place(of: speaker) else { return nil }
      (self.row, piece, self.speaker) = (row, place.piece, place.speaker)
    }
  }

  /// Puts the margin on the cosines with the nearest other speakers.
  /// - Returns: where this was done in this holder's pieces, and the factors of the slopes there.
  private static func harden(
    _ nearest: [[NearestSpeakers.Neighbour]], _ margin: AngularMargin, _ cosines: [SpeakerCosines],
    _ table: PrototypeTable
  ) -> [(place: Place, factor: Float)] {
    nearest.enumerated().flatMap { row, neighbours in
      neighbours.compactMap { neighbour in
        guard let place = Place(row: row, neighbour.speaker, table) else { return nil }
        let cosine = Double(neighbour.cosine)
        cosines[place.piece].values[row, place.speaker] = Float(margin.apply(cosine))
        return (place, Float(margin.derivative(cosine)))
      }
    }
  }

  /// Turns a piece's cosines into exponentials.
  /// - Parameter highest: receives the highest logit of each row.
  /// - Returns: the sum of each row's exponentials.
  private static func exponentiate(_ cosines: Matrix, scale: Float, highest: MatrixView) -> [Double] {
    guard cosines.columns > 0 else {
      highest.pointer.update(repeating: -.infinity, count: cosines.rows)
      return Array(repeating: 0, count: cosines.rows)
    }
    return [Double](filling: cosines.rows) { sums in
      inParallel(cosines.rows) { row in
        let sum = ck_exponentials(cosines.row(row), cosines.columns, scale, highest.pointer + row)
        // A piece of the row's own speaker alone has no others.
        sums[row] = highest.pointer[row] == -.infinity ? 0 : sum
      }
    }
  }

  /// What the pieces tell of each row: the highest logit, the sum of exponentials, and the target's cosine, which is 0
  /// in all pieces but one.
  private static func rows(_ told: [Double], count: Int) -> [Row] {
    (0..<count).map { row in
      let parts = stride(from: 3 * row, to: told.count, by: 3 * count).map { start in
        (highest: told[start], sum: told[start + 1], target: told[start + 2])
      }
      let highest = parts.reduce(-Double.infinity) { max($0, $1.highest) }
      let sum = parts.reduce(0) { $1.highest == -.infinity ? $0 : $0 + $1.sum * exp($1.highest - highest) }
      return Row(target: parts.reduce(0) { $0 + $1.target }, highest: highest, sum: sum)
    }
  }
}

extension PieceSoftmax {
  /// The gradient of a row by its cosines.
  struct Slope {
    /// The gradient by the cosine with another speaker is this, times its share of the softmax.
    let factor: Double
    /// The gradient by the cosine with the row's own speaker.
    let own: Double
    /// The logarithm of the sum of all exponentials.
    let logSum: Double
  }

  /// The gradient of the embeddings of all rows at length one, summed over all speakers. All holders call this together.
  /// - Parameter slopes: the gradient of each row.
  func embeddingGradient(_ slopes: [Slope]) -> Matrix {
    var sums = table.pieces.tree.nodes(of: table.pieces.own).map { node in
      SumTree.sum(of: node) {
        part(of: $0, slopes)
      } adding: { first, second in
        second.view.add(to: first.view)
        return first
      }
    }
    if sums.isEmpty { sums = [Matrix.zeros(rows: batch.speakers.count, columns: batch.embeddings.columns)] }
    batch.pieces.sum(sums)
    return sums[0]
  }

  /// A piece's part of the embeddings' gradient.
  private func part(of piece: Int, _ slopes: [Slope]) -> Matrix {
    let index = piece - table.pieces.own.lowerBound
    let directions = table.directions(ofPiece: index).unit
    let result = Matrix(rows: batch.speakers.count, columns: batch.embeddings.columns)
    multiply(exponentials[index].view, directions.view, into: result.view)
    let factors = factors(of: index, slopes)
    for row in 0..<result.rows {
      ck_affine(result.row(row), result.row(row), result.columns, factors[row], 0)
      guard let target = targets[row], target.piece == index else { continue }
      ck_combine(
        result.row(row), directions.row(target.prototype), result.row(row), result.columns, 1, Float(slopes[row].own))
    }
    return result
  }

  /// Writes the gradient of this holder's prototypes, of any length.
  func writePrototypeGradient(_ slopes: [Slope], to gradient: MatrixView) {
    let scaled = Matrix(rows: batch.speakers.count, columns: batch.embeddings.columns)
    for index in exponentials.indices {
      let factors = factors(of: index, slopes)
      for row in 0..<scaled.rows {
        ck_affine(batch.embeddings.row(row), scaled.row(row), scaled.columns, factors[row], 0)
      }
      table.write(ofPiece: index, to: gradient) { target in
        multiply(transposed: exponentials[index].view, scaled.view, into: target)
        for (row, own) in targets.enumerated() {
          guard let own, own.piece == index else { continue }
          let start = target.row(own.prototype)
          ck_combine(start, batch.embeddings.row(row), start, target.columns, 1, Float(slopes[row].own))
        }
        table.directions(ofPiece: index).backward(target, into: target)
      }
    }
  }

  /// The factors of the exponentials of a piece, by its index, in the gradient of each row.
  private func factors(of piece: Int, _ slopes: [Slope]) -> [Float] {
    slopes.enumerated().map { row, slope in
      Float(slope.factor * exp(Double(highest[piece, row]) - slope.logSum))
    }
  }
}
