import Foundation
import Synchronization

/// Finds the files that a list names. A relative path is tried in the list's own folder, then in the working directory.
/// A file that neither has keeps the path in the list's folder, so that messages name that one.
package struct PathResolver {
  private let folder: String
  private let workingDirectory: String
  /// Whether the first part of each path is in the list's folder and in the working directory. A list of a million
  /// files then costs two look-ups instead of two million.
  private var seen: [Name: (inFolder: Bool, inWorkingDirectory: Bool)] = [:]

  package init(folder: String, workingDirectory: String = FileManager.default.currentDirectoryPath) {
    self.folder = folder.withoutEndingSlashes
    self.workingDirectory = workingDirectory
  }

  /// The path of a file that the list names.
  package mutating func resolve(_ path: String) -> String {
    guard !path.begins(with: "/") else { return path }
    let own = "\(folder)/\(path)"
    let other = "\(workingDirectory)/\(path)"
    let first = Name(Substring(path.utf8.prefix { $0 != UInt8(ascii: "/") }))
    let known = seen[first] ?? look(up: first)
    seen[first] = known
    guard known.inWorkingDirectory else { return own }
    guard known.inFolder else { return Self.exists(other) ? other : own }
    return !Self.exists(own) && Self.exists(other) ? other : own
  }

  private func look(up first: Name) -> (inFolder: Bool, inWorkingDirectory: Bool) {
    (Self.exists("\(folder)/\(first.text)"), Self.exists("\(workingDirectory)/\(first.text)"))
  }

  private static func exists(_ path: String) -> Bool {
    FileSystem.exists(ShardMember.place(path)?.shard ?? path)
  }
}

/// Finds the files of a list for any thread that asks (`PathResolver`).
final class ListedPlaces: Sendable {
  private let resolver: Mutex<PathResolver>

  init(folder: String) {
    resolver = Mutex(PathResolver(folder: folder))
  }

  func resolve(_ path: String) -> String {
    path.utf8.first == UInt8(ascii: "/") ? path : resolver.withLock { $0.resolve(path) }
  }
}
