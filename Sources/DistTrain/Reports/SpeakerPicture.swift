/// Where some held-out speakers' embeddings lie in the plane in which these vary most.
package struct SpeakerPicture: Sendable {
  package struct Point: Sendable {
    /// The place among `speakers`.
    package let speaker: Int
    package let utterance: String
    package let x: Double
    package let y: Double
  }

  /// The step that the embeddings are of; nil where the file does not tell it.
  package let step: Int?
  /// The speakers that are shown, in the byte order of their names.
  package let speakers: [String]
  /// The number of speakers whose embeddings are kept.
  package let kept: Int
  package let points: [Point]
  /// The shares of the shown embeddings' variance along the two axes, of 1.
  package let shares: (x: Double, y: Double)

  private static let mostSpeakers = 20
  private static let mostUtterances = 30

  /// - Throws: `Failure(.badData)` where too few of the embeddings are of known speakers, or make no plane.
  init(_ kept: KeptEmbeddings, of utterances: RecordedUtterances) throws {
    let speakers = try utterances.utterances(kept.embeddings.names).map(\.speaker)
    guard let picture = SpeakerPicture(kept.embeddings, speakers: speakers, step: kept.step) else {
      throw Failure(
        .badData,
        "\(kept.path): fewer than three embeddings of known speakers, or all are equal or not finite: no picture")
    }
    self = picture
  }

  /// Shows as many speakers as there is room for, evenly spread over the order of their names, and of each as many
  /// utterances, evenly spread over those that have an embedding. Speakers of one utterance are left out where two have
  /// more.
  /// - Parameter names: each embedding's speaker; nil leaves it out.
  /// - Returns: nil where these make no plane.
  package init?(_ embeddings: Embeddings, speakers names: [String?], step: Int?) {
    var rows: [Name: [Int]] = [:]
    for (row, name) in names.enumerated() { if let name { rows[Name(name), default: []].append(row) } }
    let all = rows.keys.sorted { $0.text.utf8.lexicographicallyPrecedes($1.text.utf8) }
    let several = all.filter { rows[$0, default: []].count > 1 }
    let shown = Self.spread(several.count > 1 ? several : all, most: Self.mostSpeakers)
    let members = shown.enumerated().flatMap { place, name in
      Self.spread(rows[name, default: []], most: Self.mostUtterances).map { (speaker: place, row: $0) }
    }
    guard let plane = PrincipalPlane(members.map { Self.direction(embeddings, $0.row) }) else { return nil }
    self.step = step
    speakers = shown.map(\.text)
    kept = all.count
    shares = plane.shares
    points = zip(members, plane.places).map { member, place in
      Point(speaker: member.speaker, utterance: embeddings.names[member.row], x: place.x, y: place.y)
    }
  }

  /// Some of the elements, at equal distances.
  private static func spread<Element>(_ all: [Element], most: Int) -> [Element] {
    all.count <= most ? all : (0..<most).map { all[$0 * all.count / most] }
  }

  /// An embedding of length 1.
  private static func direction(_ embeddings: Embeddings, _ row: Int) -> [Double] {
    let values = (0..<embeddings.vectors.columns).map { Double(embeddings.vectors[row, $0]) }
    let length = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
    return values.map { $0 / length }
  }
}

/// The embeddings of held-out speakers that a run keeps.
struct KeptEmbeddings {
  let path: String
  let embeddings: Embeddings
  /// The step that they are of; nil where the file does not tell it.
  let step: Int?

  /// - Returns: nil where there is no such file.
  /// - Throws: `Failure(.badData)` where it cannot be read.
  init?(path: String) throws {
    guard FileSystem.exists(path) else { return nil }
    self.path = path
    step = try SafetensorsFile(path: path).metadata["svdist.step"].flatMap { Int($0) }
    embeddings = try EmbeddingFile.read(path)
  }
}
