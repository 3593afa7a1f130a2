import Foundation

/// A folder that appears under its name with everything in it, or not at all.
package enum WholeFolder {
  /// Calls `fill` with a new folder beside `path` and then renames it to `path`.
  ///
  /// - Parameters:
  ///   - path: the name of the folder. There must be nothing there, or an empty folder, unless `replacing` names
  ///     everything that is in it.
  ///   - replacing: the names that may lie in a folder that is replaced; nil replaces nothing.
  ///   - fill: writes into the folder that it is given.
  /// - Throws: `Failure(.usage)` where `path` is taken or cannot be written.
  package static func write(_ path: String, replacing: Set<String>? = nil, fill: (String) throws -> Void) throws {
    let manager = FileManager.default
    let target = URL(fileURLWithPath: path).standardizedFileURL
    let isReplaced = try check(target.path, replacing: replacing)
    let partial = URL(fileURLWithPath: temporary(beside: path, suffix: "partial"))
    do {
      try manager.createDirectory(at: partial, withIntermediateDirectories: true)
    } catch {
      throw Failure(.usage, "\(path): cannot be written: \(reason(error))")
    }
    do {
      try fill(partial.path)
      if isReplaced {
        let old = partial.appendingPathExtension("old")
        try manager.moveItem(at: target, to: old)
        try manager.moveItem(at: partial, to: target)
        try manager.removeItem(at: old)
      } else {
        if manager.fileExists(atPath: target.path) { try manager.removeItem(at: target) }
        try manager.moveItem(at: partial, to: target)
      }
    } catch {
      try? manager.removeItem(at: partial)
      throw error as? Failure ?? Failure(.failed, "\(path): cannot be written: \(reason(error))")
    }
  }

  /// The name of a hidden folder beside `path` that no other process of this host uses.
  package static func temporary(beside path: String, suffix: String = "audio") -> String {
    let target = URL(fileURLWithPath: path).standardizedFileURL
    let mark = "\(ProcessInfo.processInfo.processIdentifier)"
    return target.deletingLastPathComponent().appendingPathComponent(
      ".\(target.lastPathComponent).\(mark).\(suffix)"
    ).path
  }

  /// The folders that processes wrote beside `path` and that never got its name, or have not got it yet.
  package static func leftovers(beside path: String) -> [String] {
    let target = URL(fileURLWithPath: path).standardizedFileURL
    let folder = target.deletingLastPathComponent().path
    let names = (try? FileSystem.names(in: folder)) ?? []
    return names.filter { name in
      let parts = name.dropFirst(target.lastPathComponent.count + 2).split(separator: ".")
      return name.hasPrefix(".\(target.lastPathComponent).") && parts.count == 2 && Int(parts[0]) != nil
        && ["partial", "audio"].contains(parts[1])
    }.map { "\(folder)/\($0)" }
  }

  /// Whether `path` is a folder with something in it that is to be replaced.
  /// - Throws: `Failure(.usage)` where `path` cannot be written, so that nobody waits for a result that cannot be kept.
  package static func check(_ path: String, replacing: Set<String>?) throws -> Bool {
    let manager = FileManager.default
    guard manager.fileExists(atPath: path) else {
      try checkAbove(path)
      return false
    }
    guard let names = try? manager.contentsOfDirectory(atPath: path) else {
      throw Failure(.usage, "\(path): exists and is not a folder that can be read: choose another --output")
    }
    guard !names.isEmpty else { return false }
    guard let replacing else {
      throw Failure(.usage, "\(path): exists and is not empty: choose another --output, or replace it with --overwrite")
    }
    if let other = names.sorted().first(where: { !replacing.contains($0) }) {
      throw Failure(
        .usage, "\(path): holds '\(other)', which svdist did not write: choose another --output")
    }
    return true
  }

  /// Checks that the nearest existing folder above `path` takes new entries.
  /// - Throws: `Failure(.usage)` where it does not.
  private static func checkAbove(_ path: String) throws {
    let manager = FileManager.default
    var above = URL(fileURLWithPath: path).standardizedFileURL.deletingLastPathComponent()
    while !manager.fileExists(atPath: above.path) { above = above.deletingLastPathComponent() }
    var isFolder: ObjCBool = false
    guard manager.fileExists(atPath: above.path, isDirectory: &isFolder), isFolder.boolValue else {
      throw Failure(.usage, "\(path): \(above.path) is not a folder: choose another --output")
    }
    guard manager.isWritableFile(atPath: above.path) else {
      throw Failure(.usage, "\(path): \(above.path) cannot be written to: choose another --output")
    }
  }

  private static func reason(_ error: any Error) -> String {
    if let cause = (error as? CocoaError)?.underlying as? POSIXError {
      return String(cString: strerror(cause.code.rawValue))
    }
    return error.localizedDescription
  }
}
