import Foundation

/// A folder for what a command needs only while it runs.
package enum TemporaryFolder {
  /// Calls `body` with a new folder, which only this user can read, and removes it afterwards.
  /// - Throws: what `body` throws; `Failure(.failed)` where no folder can be made.
  package static func with<Result>(_ body: (String) throws -> Result) throws -> Result {
    let place = FileManager.default.temporaryDirectory.path
    var name = Array("\(place)/svdist-XXXXXX".utf8CString)
    guard mkdtemp(&name) != nil else {
      throw Failure(
        .failed,
        "\(place): no folder for temporary files can be made in it (\(String(cString: strerror(errno)))): set TMPDIR to one "
          + "that takes them")
    }
    let folder = String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    UnfinishedWork.begin(folder)
    defer {
      try? FileSystem.remove(folder)
      UnfinishedWork.end(folder)
    }
    return try body(folder)
  }
}
