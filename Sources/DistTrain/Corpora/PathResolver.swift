import Foundation

/// Finds the files that a list names: a relative path is tried against the list's own folder, then against the working
/// directory. A file that neither has keeps the path in the list's folder, so that messages name that one.
struct PathResolver {
  private let folder: String
  /// Of a path's first part, whether it is in the list's folder and in the working directory: a list of a million
  /// files then costs two look-ups instead of two million.
  private var seen: [Substring: (inFolder: Bool, inWorkingDirectory: Bool)] = [:]

  init(folder: String) {
    self.folder = folder
  }

  mutating func resolve(_ path: String) -> String {
    guard !path.hasPrefix("/") else { return path }
    let own = (folder as NSString).appendingPathComponent(path)
    let first = path.prefix { $0 != "/" }
    let known = seen[first] ?? look(up: first)
    seen[first] = known
    guard known.inWorkingDirectory else { return own }
    guard known.inFolder else { return Self.exists(path) ? path : own }
    return !Self.exists(own) && Self.exists(path) ? path : own
  }

  private func look(up first: Substring) -> (inFolder: Bool, inWorkingDirectory: Bool) {
    (Self.exists((folder as NSString).appendingPathComponent(String(first))), Self.exists(String(first)))
  }

  private static func exists(_ path: String) -> Bool {
    FileManager.default.fileExists(atPath: path)
  }
}
