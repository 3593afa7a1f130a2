import Foundation

/// Whether a file under the name of one of a run's logs is one, by its first line. A run cuts its logs back, so that a
/// file of something else would be lost.
enum LogOrigin {
  /// There is no whole line yet.
  case unknown
  case run
  case other

  /// More than the first line of any log takes.
  private static let most = 1 << 20

  /// - Parameters:
  ///   - beginning: the beginning of each line of the log, as far as it is the same for all.
  ///   - isOwn: whether a whole line is the log's.
  /// - Throws: `Failure` where the file cannot be read.
  init(of path: String, beginning: String, isOwn: (Data) -> Bool) throws {
    self = .unknown
    guard FileSystem.exists(path) else { return }
    guard !FileSystem.isFolder(path) else {
      self = .other
      return
    }
    let file = try InputFile(path: path)
    let bytes = try file.read(at: 0, count: min(file.bytes, Self.most))
    if let end = bytes.firstIndex(of: UInt8(ascii: "\n")) {
      self = isOwn(Data(bytes[..<end])) ? .run : .other
    } else if !zip(bytes, beginning.utf8).allSatisfy({ $0 == $1 }) {
      // What is shorter than a line was cut short by a kill.
      self = .other
    }
  }
}
