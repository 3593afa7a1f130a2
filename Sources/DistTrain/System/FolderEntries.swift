import Foundation

/// What lies in folders, whose names need not be UTF-8.
extension FileSystem {
  /// A name in a folder.
  struct Entry {
    let name: String
    /// The kind of file as the folder tells it (`DT_DIR` …), which some file systems don't.
    let type: Int
  }

  /// A file or folder, whatever names and links lead to it.
  struct Identity: Hashable {
    fileprivate let device: UInt64
    fileprivate let number: UInt64
  }

  /// The entries of a folder: its names as the disk has them, in the order of their bytes, and whether each is a folder
  /// or a link; nil where the folder cannot be listed. Names that are not UTF-8 come last, as bytes.
  static func entries(of path: String) -> (entries: [Entry], unreadable: [[UInt8]])? {
    guard let all = entries(of: Array(path.utf8)) else { return nil }
    var entries: [Entry] = []
    var unreadable: [[UInt8]] = []
    for (bytes, type) in all {
      if let name = String(validating: bytes, as: UTF8.self) {
        entries.append(Entry(name: name, type: type))
      } else {
        unreadable.append(bytes)
      }
    }
    return (entries, unreadable)
  }

  /// The names in a folder and their types, in the order of their bytes; nil where the folder cannot be listed.
  static func entries(of path: [UInt8]) -> [(name: [UInt8], type: Int)]? {
    guard let folder = withName(path, { opendir($0) }) else { return nil }
    defer { closedir(folder) }
    var entries: [(name: [UInt8], type: Int)] = []
    while let entry = readdir(folder) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { name in
        name.withMemoryRebound(to: UInt8.self, capacity: 256) {
          Array(UnsafeBufferPointer(start: $0, count: strlen($0)))
        }
      }
      if name == [UInt8(ascii: ".")] || name == [UInt8(ascii: "."), UInt8(ascii: ".")] { continue }
      entries.append((name, Int(entry.pointee.d_type)))
    }
    return entries.sorted { $0.name.lexicographicallyPrecedes($1.name) }
  }

  /// The reason why a folder could not be listed just now.
  static var unlisted: String { "the folder cannot be listed (\(String(cString: strerror(errno))))" }

  /// The folder that a path leads to, links followed; nil where it leads to none.
  static func folderIdentity(_ path: [UInt8]) -> Identity? {
    var status = stat()
    guard withName(path, { stat($0, &status) }) == 0, status.st_mode & S_IFMT == S_IFDIR else { return nil }
    return Identity(device: UInt64(status.st_dev), number: UInt64(status.st_ino))
  }

  private static func withName<Result>(_ path: [UInt8], _ body: (UnsafePointer<CChar>) -> Result) -> Result {
    (path + [0]).withUnsafeBufferPointer { bytes in
      bytes.withMemoryRebound(to: CChar.self) { body($0.baseAddress!) }
    }
  }
}
