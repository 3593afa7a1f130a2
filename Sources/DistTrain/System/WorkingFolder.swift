import Foundation

/// The folder that relative paths start from.
package enum WorkingFolder {
  /// Checks that a path can be made absolute.
  /// - Throws: `Failure(.usage)` for a relative path where the working folder's own path is not UTF-8: Swift's strings
  ///   have other bytes in its place, which would name another folder.
  package static func check(for path: String) throws(Failure) {
    guard !path.begins(with: "/"), let folder = getcwd(nil, 0) else { return }
    defer { free(folder) }
    do {
      _ = try String(system: folder, "the working folder")
    } catch {
      throw Failure(error.kind, "\(path): \(error.message)")
    }
  }
}

extension String {
  /// Text that the system gives as bytes, such as a word of the command line, which need not be UTF-8. Other names
  /// would become the same string, with U+FFFD in the place of what is not.
  /// - Parameter what: by which a refusal names it, such as `the argument`.
  /// - Throws: `Failure(.usage)` that shows the bytes which are not UTF-8, as `\xE9`.
  package init(system bytes: UnsafePointer<CChar>, _ what: String) throws(Failure) {
    guard let text = String(validatingCString: bytes) else {
      let shown = String(showing: Array(UnsafeRawBufferPointer(start: bytes, count: strlen(bytes))))
      throw Failure(.usage, "\(what) '\(shown)' is not UTF-8: give the file or folder another name")
    }
    self = text
  }
}
