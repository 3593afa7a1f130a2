import Foundation

/// A disk that fails a program, or keeps it waiting, at the calls that change files: the environment that a program
/// runs in to meet it.
struct FaultyDisk {
  /// The error that the calls report, as `EROFS`; nil where they wait.
  var error: Int32?
  /// A part of the path of the files and folders concerned.
  var path: String
  /// Opening for reading is concerned too.
  var reads = false
  /// A file or folder whose existence breaks the disk; nil for one that is broken from the start.
  var from: String?
  /// The number of calls of a process that meet the broken disk before it is mended.
  var calls = Int.max
  /// A file whose existence mends the disk.
  var until: String?

  /// - Throws: where the library that does it was not built.
  func environment() throws -> [String: String] {
    var environment = [
      "LD_PRELOAD": try Program.path(of: "libFaultyDisk.so"), "SVDIST_FAULT_PATH": path,
      "SVDIST_FAULT_CALLS": "\(calls)",
    ]
    environment["SVDIST_FAULT_ERROR"] = error.map { "\($0)" }
    environment["SVDIST_FAULT_READS"] = reads ? "1" : nil
    environment["SVDIST_FAULT_FROM"] = from
    environment["SVDIST_FAULT_UNTIL"] = until
    return environment
  }
}
