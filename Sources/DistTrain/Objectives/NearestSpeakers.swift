/// The speakers whose prototypes are nearest to each row, its own speaker apart.
///
/// Of speakers with equal cosines the one with the lower number is nearer, so that what is found does not depend on who
/// holds which prototypes.
struct NearestSpeakers {
  struct Neighbour {
    let speaker: Int
    let cosine: Float

    func isNearer(than other: Neighbour) -> Bool {
      cosine > other.cosine || cosine == other.cosine && speaker < other.speaker
    }
  }

  private let count: Int
  /// The nearest speakers of each row among those of this holder, the nearest first.
  private let own: [[Neighbour]]

  /// - Parameters:
  ///   - cosines: the cosines of all rows with the speakers of this holder's pieces; −∞ with a row's own speaker.
  ///   - count: the number of speakers to find.
  init(_ cosines: [SpeakerCosines], _ table: PrototypeTable, count: Int) {
    let count = min(count, table.pieces.speakers - 1)
    self.count = count
    guard count > 0 else {
      own = []
      return
    }
    own = (0..<(cosines.first?.values.rows ?? 0)).map { row in
      var nearest: [Neighbour] = []
      for (piece, values) in cosines.map(\.values).enumerated() {
        let line = values.row(row)
        for place in 0..<values.columns where line[place] > -.infinity {
          if nearest.count == count, line[place] <= nearest[count - 1].cosine { continue }
          Self.insert(
            Neighbour(speaker: table.speaker(piece: piece, place), cosine: line[place]), into: &nearest, atMost: count)
        }
      }
      return nearest
    }
  }

  private static func insert(_ neighbour: Neighbour, into nearest: inout [Neighbour], atMost count: Int) {
    let place = nearest.firstIndex { neighbour.isNearer(than: $0) } ?? nearest.count
    nearest.insert(neighbour, at: place)
    if nearest.count > count { nearest.removeLast() }
  }

  /// The nearest speakers of each row among those of all holders. All holders call this together.
  /// - Parameter collect: takes equally many numbers of every holder and gives those of all.
  func ofAll(_ collect: ([Double]) -> [Double], rows: Int) -> [[Neighbour]] {
    guard count > 0 else { return Array(repeating: [], count: rows) }
    let none = Neighbour(speaker: 0, cosine: -.infinity)
    let told = (0..<rows).flatMap { row -> [Double] in
      let nearest = own.isEmpty ? [] : own[row]
      return (0..<count).flatMap { place -> [Double] in
        let neighbour = place < nearest.count ? nearest[place] : none
        return [Double(neighbour.speaker), Double(neighbour.cosine)]
      }
    }
    let all = collect(told)
    let width = 2 * count
    return (0..<rows).map { row in
      var nearest: [Neighbour] = []
      for start in stride(from: row * width, to: all.count, by: rows * width) {
        for place in stride(from: start, to: start + width, by: 2) where all[place + 1] > -.infinity {
          let neighbour = Neighbour(speaker: Int(all[place]), cosine: Float(all[place + 1]))
          Self.insert(neighbour, into: &nearest, atMost: count)
        }
      }
      return nearest
    }
  }
}
