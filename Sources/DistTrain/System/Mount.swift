/// A mounted file system, from a line of /proc/self/mountinfo (proc(5)).
package struct Mount: Equatable {
  /// The folder of the file system that is mounted, `/` where all of it is.
  package let root: String
  /// The folder that it is mounted at.
  package let point: String
  /// The kind of file system, such as `ext4`, `nfs4`, `lustre` or `cgroup2`.
  package let type: String
  /// The file system's own options.
  package let options: [String]

  /// All mounts in the text of /proc/self/mountinfo, in the order in which they were made; lines of another form are
  /// skipped.
  package static func all(_ text: String) -> [Mount] {
    text.split(separator: "\n").compactMap { line in
      let fields = line.split(separator: " ").map { unescaped($0) }
      // Optional fields end at a dash.
      guard let dash = fields.dropFirst(6).firstIndex(of: "-"), fields.count > dash + 3 else { return nil }
      return Mount(
        root: fields[3], point: fields[4], type: fields[dash + 1],
        options: fields[dash + 3].split(separator: ",").map(String.init))
    }
  }

  /// The mount that a path lies on: the one with the longest mount point, and of several at one point the last.
  package static func holding(_ path: String, in mounts: [Mount]) -> Mount? {
    mounts.filter { $0.contains(path) }.reduce(nil) { best, mount in
      best.map { $0.point.utf8.count > mount.point.utf8.count } == true ? best : mount
    }
  }

  private func contains(_ path: String) -> Bool {
    point == "/" || path == point || path.hasPrefix(point + "/")
  }

  /// Undoes the escapes of the kernel, which writes blanks and backslashes in names as three octal digits.
  private static func unescaped(_ field: Substring) -> String {
    var bytes: [UInt8] = []
    var rest = Array(field.utf8)[...]
    while let byte = rest.popFirst() {
      let digits = String(decoding: rest.prefix(3), as: UTF8.self)
      if byte == UInt8(ascii: "\\"), digits.utf8.count == 3, let code = UInt8(digits, radix: 8) {
        bytes.append(code)
        rest = rest.dropFirst(3)
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
