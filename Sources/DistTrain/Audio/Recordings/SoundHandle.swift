import CSndFile
import Foundation

/// Handles of libsndfile's for files at paths of any length.
enum SoundHandle {
  /// The bytes of the longest path that libsndfile opens (measured with 1.2.0 and 1.2.2), less than the system's.
  private static let longestPath = 1023

  /// Opens a file for reading; nil where there is no audio that libsndfile reads.
  static func open(_ path: String, _ info: inout SF_INFO) -> OpaquePointer? {
    // By a descriptor libsndfile would not see the suffix, by which alone it knows some headerless formats.
    guard path.utf8.count > longestPath else { return sf_open(path, Int32(SFM_READ), &info) }
    return handle(Foundation.open(path, O_RDONLY | O_CLOEXEC), Int(SFM_READ), &info)
  }

  /// Creates a file, or empties an existing one, for writing in the format that `info` tells; nil where that fails.
  static func create(_ path: String, _ info: inout SF_INFO) -> OpaquePointer? {
    guard path.utf8.count > longestPath else { return sf_open(path, Int32(SFM_WRITE), &info) }
    return handle(Foundation.open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666), Int(SFM_WRITE), &info)
  }

  /// The handle, which closes the descriptor, as a failure does too.
  private static func handle(_ descriptor: Int32, _ mode: Int, _ info: inout SF_INFO) -> OpaquePointer? {
    descriptor < 0 ? nil : sf_open_fd(descriptor, Int32(mode), &info, 1)
  }
}
