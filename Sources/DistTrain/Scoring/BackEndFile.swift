import Foundation

/// The file of a back end: a safetensors file whose metadata has its format and version, the identity of its encoder as
/// `svdist.encoder`, the names of the cohort's speakers, and the settings of its steps as JSON.
package enum BackEndFile {
  private static let format = "svdist back end"
  private static let version = "1"
  private static let formatKey = "format"
  private static let versionKey = "version"
  private static let encoderKey = "svdist.encoder"
  private static let speakersKey = "cohort.speakers"
  private static let settingsKey = "settings"

  /// The settings of a back end's steps.
  private struct Settings: Codable {
    let scoring: BackEnd.Scoring
    let normalization: BackEnd.Normalization
    let cohort: Cohort.Kind
    let top: Int?
    let calibration: Calibration?

    enum CodingKeys: String, CodingKey, CaseIterable {
      case scoring, normalization, cohort, top, calibration
    }
  }

  /// Checks, before a back end is fitted, that it can be written to a path.
  /// - Throws: `Failure(.usage)` where there is no folder for it, or something else than a back end is there.
  package static func check(_ path: String) throws {
    guard FileSystem.suffix(of: path) == "safetensors" else {
      throw Failure(.usage, "\(path): a back end is kept in a .safetensors file: let the name end so")
    }
    try AtomicFile.check([path], for: "back end") {
      (try? SafetensorsFile(path: $0.path))?.metadata[formatKey] == format
    }
  }

  /// Writes a back end to a file, which appears whole or not at all.
  package static func write(_ backEnd: BackEnd, to path: String) throws {
    let settings = Settings(
      scoring: backEnd.scoring, normalization: backEnd.normalization, cohort: backEnd.cohortKind, top: backEnd.top,
      calibration: backEnd.calibration)
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    var metadata = [formatKey: format, versionKey: version]
    metadata[settingsKey] = String(decoding: try encoder.encode(settings), as: UTF8.self)
    metadata[encoderKey] = backEnd.encoder
    var tensors = [NamedTensor(name: "mean", shape: [backEnd.dimensions], values: backEnd.transform.mean)]
    if let projection = backEnd.transform.projection { tensors.append(NamedTensor(name: "lda", matrix: projection)) }
    if let plda = backEnd.plda {
      tensors.append(NamedTensor(name: "plda.mean", shape: [plda.dimensions], values: plda.mean.map { Float($0) }))
      tensors.append(NamedTensor(name: "plda.transform", matrix: plda.transform.single))
      tensors.append(
        NamedTensor(name: "plda.between", shape: [plda.dimensions], values: plda.between.map { Float($0) }))
    }
    if let cohort = backEnd.cohort {
      metadata[speakersKey] = "[" + cohort.speakers.map(JSONText.quoted).joined(separator: ",") + "]"
      tensors.append(NamedTensor(name: "cohort", matrix: cohort.vectors))
    }
    try SafetensorsFile.write(tensors, metadata: metadata, to: path)
  }

  /// Reads a back end.
  /// - Throws: `Failure(.badData)` that names the file and what is wrong in it.
  package static func read(_ path: String) throws -> BackEnd {
    let file = try SafetensorsFile(path: path)
    guard file.metadata[formatKey] == format else {
      throw Failure(.badData, "\(path): is no back end: svdist fit makes one")
    }
    guard file.metadata[versionKey] == version else {
      let found = file.metadata[versionKey] ?? "none"
      throw Failure(.badData, "\(path): is a back end of version \(found), this svdist reads \(version): fit it anew")
    }
    let settings = try settings(file)
    let mean = try values(of: "mean", file, dimensions: 1)
    let projection = file.contains("lda") ? try matrix("lda", file, columns: mean.count) : nil
    let transform = EmbeddingTransform(mean: mean, projection: projection)
    let plda = settings.scoring == .plda ? try plda(file, dimensions: transform.dimensions) : nil
    let cohort = settings.normalization == .none ? nil : try cohort(file, dimensions: mean.count)
    return BackEnd(
      encoder: file.metadata[encoderKey], transform: transform, plda: plda, cohort: cohort,
      cohortKind: settings.cohort, top: settings.top, calibration: settings.calibration)
  }

  private static func settings(_ file: SafetensorsFile) throws -> Settings {
    let json = Data((file.metadata[settingsKey] ?? "").utf8)
    let place = "\(file.path), its settings"
    try StrictJSON.check(json, path: place, keys: Settings.CodingKeys.self)
    let settings = try StrictJSON.decode(Settings.self, from: json, path: place)
    let isNormalized = settings.normalization == .adaptive
    guard (settings.top != nil) == isNormalized, settings.top ?? 1 > 0 else {
      throw Failure(.badData, "\(place): 'top' is a number from 1 on, of as-norm alone")
    }
    if let calibration = settings.calibration, !calibration.isWhole {
      throw Failure(.badData, "\(place): the calibration is not whole")
    }
    if settings.normalization == .none, settings.calibration?.qualities.contains(.cohortMeans) == true {
      throw Failure(.badData, "\(place): the calibration takes means of a cohort that is not there")
    }
    return settings
  }

  private static func plda(_ file: SafetensorsFile, dimensions: Int) throws -> PLDA {
    let mean = try values(of: "plda.mean", file, dimensions: 1)
    let between = try values(of: "plda.between", file, dimensions: 1)
    let transform = try matrix("plda.transform", file, columns: dimensions)
    guard mean.count == dimensions, between.count == dimensions, transform.rows == dimensions,
      between.allSatisfy({ $0 >= 0 })
    else {
      throw Failure(.badData, "\(file.path): the tensors of PLDA are not those of \(dimensions.counted("dimension"))")
    }
    return PLDA(mean: mean.map(Double.init), transform: DoubleMatrix(transform), between: between.map(Double.init))
  }

  private static func cohort(_ file: SafetensorsFile, dimensions: Int) throws -> Cohort {
    let vectors = try matrix("cohort", file, columns: dimensions)
    guard vectors.rows > 1, let json = file.metadata[speakersKey],
      let speakers = try? JSONDecoder().decode([String].self, from: Data(json.utf8))
    else {
      throw Failure(
        .badData, "\(file.path): a cohort of two vectors or more and the names of its speakers are expected")
    }
    return Cohort(vectors: vectors, speakers: speakers)
  }

  private static func matrix(_ name: String, _ file: SafetensorsFile, columns: Int) throws -> Matrix {
    let shape = try file.shape(of: name)
    let values = try values(of: name, file, dimensions: 2)
    guard shape[1] == columns else {
      throw Failure(.badData, "\(file.path): tensor \(name) has \(shape[1]) columns, \(columns) are expected")
    }
    return Matrix(rows: shape[0], columns: shape[1], values)
  }

  private static func values(of name: String, _ file: SafetensorsFile, dimensions: Int) throws -> [Float] {
    let shape = try file.shape(of: name)
    guard shape.count == dimensions, !shape.contains(0) else {
      throw Failure(.badData, "\(file.path): tensor \(name) has shape \(shape), \(dimensions) extents are expected")
    }
    let values = try file.values(of: name)
    guard values.allSatisfy(\.isFinite) else {
      throw Failure(.badData, "\(file.path): tensor \(name) holds numbers that are not finite: fit the back end anew")
    }
    return values
  }
}

extension BackEndFile {
  /// The file that the name of a back end means.
  /// - Parameters:
  ///   - name: the path of a file, or the name of a back end beside an encoder.
  ///   - encoder: a run folder, a checkpoint or its model.safetensors; nil where none was given.
  /// - Throws: `Failure(.usage)` for a name without an encoder.
  package static func path(_ name: String, besideEncoder encoder: String?) throws -> String {
    if name.contains("/") || FileSystem.suffix(of: name) == "safetensors" || FileSystem.exists(name) { return name }
    guard let encoder else {
      throw Failure(
        .usage,
        "\(name): is no file; a back end's name needs --encoder, beside which it lies as back-ends/\(name).safetensors")
    }
    return "\(folder(besideEncoder: encoder))/\(name).safetensors"
  }

  /// The folder of the back ends of an encoder.
  package static func folder(besideEncoder encoder: String) -> String {
    let folder = FileSystem.isFolder(encoder) ? encoder.withoutEndingSlashes : FileSystem.folder(of: encoder)
    return folder + "/back-ends"
  }
}
