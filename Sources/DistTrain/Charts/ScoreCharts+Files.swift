extension ScoreCharts {
  /// The names of the drawings' files in their folder.
  private static let names = (det: "det.svg", histogram: "scores.svg", reliability: "reliability.svg")

  /// Checks, before figures are computed, that the drawings can be written into a folder, which is made if need be.
  /// - Throws: `Failure(.usage)` where a file has the folder's name, the folder above does not exist, or files in it
  ///   that are no drawings have the names of these.
  package static func check(_ folder: String) throws {
    guard FileSystem.isFolder(folder) else {
      guard !FileSystem.exists(folder) else {
        throw Failure(.usage, "\(folder): is a file: name a folder for drawings")
      }
      return try AtomicFile.check([folder.withoutEndingSlashes], for: "drawings") { _ in false }
    }
    for name in [names.det, names.histogram, names.reliability] {
      try AtomicFile.check(["\(folder.withoutEndingSlashes)/\(name)"], for: "drawing") {
        $0.beginning(4).elementsEqual("<svg".utf8)
      }
    }
  }

  /// Writes all drawings into a folder.
  package func write(to folder: String) throws {
    try FileSystem.createFolder(folder)
    let folder = folder.withoutEndingSlashes
    try AtomicFile.write(detectionErrorTradeoff, to: "\(folder)/\(Self.names.det)")
    try AtomicFile.write(histogram, to: "\(folder)/\(Self.names.histogram)")
    try AtomicFile.write(reliability, to: "\(folder)/\(Self.names.reliability)")
  }
}
