import Foundation

/// A mark by which the other ranks on a host can find a rank's process.
struct ProcessMark: Codable {
  let pid: Int32
  private let namespace: String

  /// The mark of this process.
  static var own: ProcessMark { ProcessMark(pid: getpid(), namespace: ProcessStatus.namespace) }

  /// The state of the process in words, or nil where it cannot be seen from here.
  var condition: String? {
    guard namespace == ProcessStatus.namespace else { return nil }
    switch ProcessStatus(of: pid)?.state {
    case nil: return "gone"
    case "R": return "running"
    case "S": return "sleeping"
    case "D": return "waiting for a device or file system"
    case "T", "t": return "stopped"
    case "Z", "X": return "dead"
    default: return nil
    }
  }
}
