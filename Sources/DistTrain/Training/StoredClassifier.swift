import Foundation

/// The prototypes of a classifier as a checkpoint holds them, with the names of their speakers.
package struct StoredClassifier: Sendable {
  /// The key of the speakers' names in the metadata of a checkpoint's file, a JSON list in the order of the prototypes.
  static let key = "classifier.speakers"

  /// A digest of the prototypes and the names.
  let identity: String
  private let tensor: String
  private let prototypes: Matrix
  /// The number of prototypes of a speaker, which follow one another.
  private let subcenters: Int
  private let rows: SpeakerRows

  /// Reads the prototypes that a training with a configuration can keep.
  /// - Throws: `Failure(.usage)` where the file has none, does not know their speakers, or has another number of them
  ///   for each speaker; `Failure(.badData)` where they are broken.
  init(_ file: SafetensorsFile, for configuration: Configuration) throws {
    let settings = configuration.classification
    tensor = PrototypeClassifier.tensor
    func refusal(_ what: String) -> Failure {
      Failure(.usage, "training.fromClassifier: kept, but \(file.path) \(what): set drawn, or start from another one")
    }
    guard file.contains(tensor) else { throw refusal("has no classifier (exported and imported encoders have none)") }
    guard let text = file.metadata[Self.key] else {
      throw refusal("does not name its classifier's speakers (an earlier svdist wrote it)")
    }
    guard let speakers = try? JSONDecoder().decode([String].self, from: Data(text.utf8)), !speakers.isEmpty,
      Set(speakers.map(Name.init)).count == speakers.count
    else { throw Failure(.badData, "\(file.path): \(Self.key) in its metadata is not a list of different names") }
    let shape = try file.shape(of: tensor)
    guard shape.count == 2, shape[0] % speakers.count == 0, shape[1] == configuration.encoder.embedding else {
      throw Failure(
        .badData,
        "\(file.path): tensor \(tensor) has shape \(shape), which is not that of prototypes of \(speakers.count) "
          + "speakers in \(configuration.encoder.embedding.counted("dimension"))")
    }
    subcenters = shape[0] / speakers.count
    guard subcenters == settings.subcenters else {
      throw refusal(
        "has another number of prototypes (classification.subcenters is \(settings.subcenters), there \(subcenters))")
    }
    prototypes = Matrix(rows: shape[0], columns: shape[1])
    try file.read(tensor, shape: shape, into: prototypes.elements)
    var digest = SHA256()
    Array(text.utf8).withUnsafeBytes { digest.update($0) }
    digest.update(UnsafeRawBufferPointer(start: prototypes.pointer, count: 4 * prototypes.count))
    identity = digest.finish().hexadecimal
    rows = SpeakerRows(speakers, width: subcenters * shape[1])
  }

  /// The metadata from which the names are read.
  static func metadata(speakers: [String]) -> [String: String] {
    [key: "[\(speakers.map(JSONText.quoted).joined(separator: ","))]"]
  }

  /// The number of speakers whose prototypes there are.
  func count(of speakers: [String]) -> Int { rows.count(of: speakers) }

  /// Puts the prototypes of speakers of the same names in the place of others.
  /// - Parameters:
  ///   - parameters: the flat parameters of a training.
  ///   - layout: their layout.
  ///   - speakers: the training's speakers in order, of those whose prototypes the layout has.
  func keep(in parameters: Matrix, _ layout: ParameterLayout, speakers: [String]) {
    let own = layout.parameters.first { $0.name == tensor }
    guard let own, own.shape == [speakers.count * subcenters, prototypes.columns] else {
      preconditionFailure("prototypes are kept by a classifier of prototypes")
    }
    rows.copy(prototypes.pointer, to: parameters.pointer + own.offset, speakers: speakers)
  }
}
