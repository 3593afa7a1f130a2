import Foundation

/// A rank's process as the others on its host can find it.
struct ProcessMark: Codable {
  let pid: Int32
  private let namespace: String

  /// This process's.
  static var own: ProcessMark { ProcessMark(pid: getpid(), namespace: ProcessStatus.namespace) }

  /// What it does, in words; nil where it cannot be seen from here.
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
