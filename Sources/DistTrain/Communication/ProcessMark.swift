import Foundation

/// A rank's process as the others on its host can find it.
struct ProcessMark {
  let pid: Int32
  private let namespace: String

  /// This process's.
  static var own: ProcessMark { ProcessMark(pid: getpid(), namespace: ProcessStatus.namespace) }

  private init(pid: Int32, namespace: String) {
    self.pid = pid
    self.namespace = namespace
  }

  /// As it travels between ranks.
  var text: String { "\(pid) \(namespace)" }

  init(text: String) {
    let fields = text.split(separator: " ", maxSplits: 1)
    self.init(pid: fields.first.flatMap { Int32($0) } ?? 0, namespace: fields.count > 1 ? String(fields[1]) : "")
  }

  /// What it does, in words; nil where it cannot be seen from here.
  var condition: String? {
    guard pid > 0, namespace == ProcessStatus.namespace else { return nil }
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
