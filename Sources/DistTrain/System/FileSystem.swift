import Foundation

/// Folders and names, with changes that last: what is renamed or removed is on disk only once its folder is synced.
package enum FileSystem {
  /// Creates a folder and those above it and syncs them; an existing folder is left as it is.
  package static func createFolder(_ path: String) throws {
    guard !isFolder(path) else { return }
    guard !exists(path) else { throw Failure(.failed, "\(path) is a file where a folder is needed") }
    let parent = folder(of: path)
    if parent != path { try createFolder(parent) }
    do {
      try SystemCall.run(.create, path) { mkdir(path, 0o777) }
    } catch {
      // Another rank may have been faster.
      if !isFolder(path) { throw error }
    }
    try syncFolder(parent)
  }

  /// Waits until the names in a folder are on disk.
  package static func syncFolder(_ path: String) throws {
    let descriptor = try SystemCall.run(.sync, path) { open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
    defer { _ = close(descriptor) }
    try SystemCall.run(.sync, path) {
      // Some network file systems cannot sync a folder and say so by EINVAL; they need no sync.
      let result = fsync(descriptor)
      return result < 0 && errno == EINVAL ? 0 : result
    }
  }

  /// Renames a file or folder, which replaces a file of the new name; `syncFolder` makes it last.
  package static func rename(_ path: String, to name: String) throws {
    try SystemCall.run(.rename, path) { Foundation.rename(path, name) }
  }

  /// Removes a file, or a folder with all that is in it. It is no error if there is nothing there.
  package static func remove(_ path: String) throws {
    var status = stat()
    guard lstat(path, &status) == 0 else { return }
    if status.st_mode & S_IFMT == S_IFDIR {
      for name in try names(in: path) { try remove(path + "/" + name) }
      try SystemCall.run(.remove, path) { rmdir(path) }
    } else {
      try SystemCall.run(.remove, path) { unlink(path) }
    }
  }

  /// The names in a folder in the order of their bytes, hidden ones included.
  /// - Throws: `Failure(.failed)` when the folder cannot be read.
  package static func names(in path: String) throws -> [String] {
    do {
      return try FileManager.default.contentsOfDirectory(atPath: path).sorted {
        $0.utf8.lexicographicallyPrecedes($1.utf8)
      }
    } catch {
      throw Failure(.failed, "cannot read the folder \(path): \(reason(path))")
    }
  }

  package static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  /// Refuses a path with a line break, which no list can hold.
  /// - Throws: `Failure(.usage)`.
  package static func checkOneLine(_ path: String) throws {
    guard resolved(path).contains(where: \.isNewline) else { return }
    throw Failure(.usage, "\(path.shown): a line break in a path, which lists cannot hold: rename what has it")
  }

  /// Whether there is something of that name, be it a link to nothing.
  static func isThere(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0
  }

  package static func isFolder(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// Whether the path names a symbolic link, wherever that points.
  package static func isLink(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK
  }

  /// The path without links, as far as there is something; what is not there keeps its name, in the folder that it
  /// would lie in. A link to nothing is followed too.
  package static func resolved(_ path: String) -> String { resolved(path, links: 40) }

  private static func resolved(_ path: String, links: Int) -> String {
    if let real = realpath(path, nil) {
      defer { free(real) }
      return String(validatingCString: real) ?? path
    }
    let parent = folder(of: path)
    if links > 0, let target = try? FileManager.default.destinationOfSymbolicLink(atPath: path) {
      return resolved(target.begins(with: "/") ? target : "\(parent)/\(target)", links: links - 1)
    }
    guard parent != path else { return path }
    let above = resolved(parent, links: links)
    return above == "/" ? "/" + name(of: path) : "\(above)/\(name(of: path))"
  }

  /// The kind of file system that a path lies on, or would lie on: `ext4`, `nfs4`, `lustre` …; nil where the kernel
  /// does not say.
  package static func kind(of path: String) -> String? {
    var path = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
    while !exists(path), path != "/" { path = folder(of: path) }
    return Mount.holding(path, in: Mount.all(KernelFile.text("/proc/self/mountinfo") ?? ""))?.type
  }

  /// Whether the path names a terminal, a pipe or a device, which is neither a file nor a folder, or something that this
  /// process has open, such as `/dev/stdout`.
  static func isDevice(_ path: String) -> Bool {
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & S_IFMT != S_IFDIR else { return false }
    return status.st_mode & S_IFMT != S_IFREG || openDescriptor(path) != nil
  }

  /// The descriptor of this process that a path stands for, such as 1 for `/dev/stdout` and for links to it; nil for any
  /// other path.
  static func openDescriptor(_ path: String) -> Int32? {
    var place = path
    for _ in 0..<40 {
      for folder in ["/proc/self/fd/", "/proc/\(getpid())/fd/", "/dev/fd/"] where place.begins(with: folder) {
        if let number = Int32(place.dropping(bytes: folder.utf8.count)) { return number }
      }
      guard let target = try? FileManager.default.destinationOfSymbolicLink(atPath: place) else { return nil }
      place = target.begins(with: "/") ? target : "\(folder(of: place))/\(target)"
    }
    return nil
  }

  /// The folder that holds a path. (NSString's own method traps on a path of one character.)
  static func folder(of path: String) -> String {
    let parent = path.pathParts.dropLast().joined(separator: "/")
    if path.begins(with: "/") { return "/" + parent }
    return parent.isEmpty ? "." : parent
  }

  static func name(of path: String) -> String { path.pathParts.last ?? path }

  /// The part of a file's name behind the last dot, in lower case; empty without one, or where the name only begins
  /// with it.
  package static func suffix(of path: String) -> String {
    let name = name(of: path)
    guard let dot = name.utf8.lastIndex(of: UInt8(ascii: ".")), dot > name.startIndex else { return "" }
    return String(name[name.utf8.index(after: dot)...]).lowercased()
  }

  /// A path without its suffix and the dot before it.
  package static func stem(of path: String) -> String {
    let name = name(of: path)
    guard let dot = name.utf8.lastIndex(of: UInt8(ascii: ".")), dot > name.startIndex else { return path }
    return String(Substring(path.utf8.dropLast(name.utf8.distance(from: dot, to: name.endIndex))))
  }

  private static func reason(_ path: String) -> String {
    let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor < 0 else {
      _ = close(descriptor)
      return "its names cannot be listed"
    }
    return String(cString: strerror(errno))
  }
}
