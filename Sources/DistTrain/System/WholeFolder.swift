import Foundation

/// A folder that appears under its name with everything in it, or not at all.
package enum WholeFolder {
  /// The contents of the folders that one command writes, by which an earlier one is known.
  package struct Contents: Sendable {
    /// The name of a file that lies in each of them, and in no folder of another program.
    let mark: String
    /// Whether such a folder can have a file of a path within it.
    let has: @Sendable (_ path: String) -> Bool

    package init(mark: String, has: @escaping @Sendable (_ path: String) -> Bool) {
      self.mark = mark
      self.has = has
    }

    /// The path within a folder of something that such a folder does not have: a file, a link, or a folder with nothing
    /// in it.
    func stranger(in folder: String, below path: String = "") -> String? {
      let names = ((try? FileSystem.names(in: folder)) ?? []).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
      if names.isEmpty, !path.isEmpty { return has(path + "/") ? nil : path }
      for name in names {
        let (place, own) = ("\(folder)/\(name)", path.isEmpty ? name : "\(path)/\(name)")
        if FileSystem.isFolder(place), !FileSystem.isLink(place) {
          if let found = stranger(in: place, below: own) { return found }
        } else if !has(own) {
          return own
        }
      }
      return nil
    }
  }

  /// Calls `fill` with a new folder beside `path` and then renames it to `path`.
  ///
  /// - Parameters:
  ///   - path: the name of the folder, or a link to it, which stays. There must be nothing there, or an empty folder,
  ///     unless `replacing` says what lies there.
  ///   - replacing: the contents of a folder that may be replaced; nil replaces nothing.
  ///   - remedy: what a user can do about a folder that is there.
  ///   - fill: writes into the folder that it is given.
  /// - Throws: `Failure(.usage)` where `path` is taken or cannot be written.
  package static func write(
    _ path: String, replacing: Contents? = nil, remedy: String = overwriting, fill: (String) throws -> Void
  ) throws {
    try WorkingFolder.check(for: path)
    try FileSystem.checkOneLine(path)
    let target = absolute(path)
    _ = try check(target, replacing: replacing, remedy: remedy)
    let partial = PartialName.make(for: target)
    UnfinishedWork.begin(partial)
    defer { UnfinishedWork.end(partial) }
    do {
      try FileSystem.createFolder(FileSystem.folder(of: target))
      try SystemCall.run(.create, partial) { mkdir(partial, 0o777) }
    } catch {
      throw Failure(.usage, "\(path): cannot be written: \(Failure(error).message)")
    }
    do {
      try fill(partial)
      // Minutes may have passed.
      let isThere = try check(target, replacing: replacing, remedy: remedy)
      try UnfinishedWork.finish(path) {
        try isThere ? exchange(partial, with: target) : install(partial, as: target)
      }
      try FileSystem.syncFolder(FileSystem.folder(of: target))
    } catch {
      try? FileSystem.remove(partial)
      throw error as? Failure ?? Failure(.failed, "\(path): cannot be written: \(reason(error))")
    }
  }

  /// The remedy of commands that can replace what they wrote earlier.
  package static let overwriting = "choose another --output, or replace it with --overwrite"

  /// The suffix of a folder that was set aside for another one to take its place.
  private static let replacedSuffix = "replaced"

  private static func absolute(_ path: String) -> String {
    let path = URL(fileURLWithPath: path).standardizedFileURL.path
    return FileSystem.isLink(path) ? FileSystem.resolved(path) : path
  }

  /// Gives a folder its name, which nobody or an empty folder has.
  /// - Throws: `Failure(.failed)` where another process has written the folder meanwhile.
  private static func install(_ partial: String, as target: String) throws {
    do {
      try FileSystem.rename(partial, to: target)
    } catch {
      guard let names = try? FileSystem.names(in: target), !names.isEmpty else { throw error }
      throw Failure(
        .failed, "\(target): another process has written it meanwhile, and that one stays: choose another --output")
    }
  }

  /// Puts a folder in the place of another one, which is then removed. Where the file system cannot let them change
  /// places at once, the old one has a name beside it for a moment, which `leftovers` tells after a kill.
  private static func exchange(_ partial: String, with target: String) throws {
    if haveSwapped(partial, target) { return try FileSystem.remove(partial) }
    let aside = PartialName.make(for: target, suffix: replacedSuffix)
    try FileSystem.rename(target, to: aside)
    do {
      try install(partial, as: target)
    } catch {
      try? FileSystem.rename(aside, to: target)
      throw error
    }
    try FileSystem.remove(aside)
  }

  /// Lets two names change places at once; false where the system or the file system cannot.
  private static func haveSwapped(_ one: String, _ other: String) -> Bool {
    // Swift's module of the C library leaves renameat2(2) out, and older libraries have none.
    typealias Call = @convention(c) (Int32, UnsafePointer<CChar>, Int32, UnsafePointer<CChar>, UInt32) -> Int32
    guard let address = dlsym(nil, "renameat2") else { return false }
    let exchange: UInt32 = 1 << 1
    let call = unsafeBitCast(address, to: Call.self)
    return (try? SystemCall.run(.rename, one) { call(AT_FDCWD, one, AT_FDCWD, other, exchange) }) != nil
  }

  /// Calls `body` with the name of a hidden folder beside `path` that no other process uses, and removes it afterwards.
  package static func withTemporary<Result>(beside path: String, _ body: (String) throws -> Result) rethrows -> Result {
    let folder = PartialName.make(for: absolute(path), suffix: audioSuffix)
    UnfinishedWork.begin(folder)
    defer {
      try? FileSystem.remove(folder)
      UnfinishedWork.end(folder)
    }
    return try body(folder)
  }

  private static let audioSuffix = "audio"

  /// A line, without its end, about each folder that a process wrote or set aside beside `path`, and that has not got
  /// its place, or not yet.
  package static func leftovers(beside path: String) -> [String] {
    let target = absolute(path)
    func folders(_ suffix: String) -> [String] { PartialName.all(for: target, suffix: suffix).map(\.path) }
    let half = folders(PartialName.suffix) + folders(audioSuffix) + numbered(beside: target)
    return half.sorted().map {
      "\($0) was left by a svdist prepare that was killed, unless one is writing it now: remove it"
    }
      + folders(replacedSuffix).map {
        "\($0) is what \(target) was before a svdist prepare that was killed: "
          + (FileSystem.exists(target) ? "remove it" : "move it back, or remove it")
      }
  }

  /// The folders that earlier versions left, whose names had the process's number alone.
  private static func numbered(beside target: String) -> [String] {
    let (folder, name) = (FileSystem.folder(of: target), FileSystem.name(of: target))
    return ((try? FileSystem.names(in: folder)) ?? []).filter {
      let parts = $0.dropFirst(name.count + 2).split(separator: ".")
      return $0.hasPrefix(".\(name).") && parts.count == 2 && Int(parts[0]) != nil
        && [PartialName.suffix, audioSuffix].contains(String(parts[1]))
    }.map { "\(folder)/\($0)" }
  }

  /// Whether `path` is a folder with something in it that is to be replaced.
  /// - Throws: `Failure(.usage)` where `path` cannot be written, so that nobody waits for a result that cannot be kept.
  package static func check(_ path: String, replacing: Contents?, remedy: String = overwriting) throws -> Bool {
    try WorkingFolder.check(for: path)
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
      throw Failure(.usage, "\(path): exists and is not empty: \(remedy)")
    }
    if let other = replacing.stranger(in: path) {
      throw Failure(
        .usage, "\(path): holds '\(other)', which svdist did not write: choose another --output")
    }
    guard names.contains(replacing.mark) else {
      throw Failure(
        .usage, "\(path): has no \(replacing.mark), so that svdist did not write it: choose another --output")
    }
    return true
  }

  /// Checks that the nearest existing folder above `path` takes new entries.
  /// - Throws: `Failure(.usage)` where it does not.
  private static func checkAbove(_ path: String) throws {
    let manager = FileManager.default
    let place = absolute(path)
    guard !FileSystem.isLink(place) else {
      throw Failure(.usage, "\(path): is a link to itself: choose another --output")
    }
    var above = URL(fileURLWithPath: place).deletingLastPathComponent()
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
