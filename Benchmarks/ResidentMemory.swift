import Foundation

/// This process's memory as Linux counts it.
enum ResidentMemory {
  /// Bytes at present.
  static var now: Int { field("VmRSS:") }

  /// The part that is the process's own.
  static var anonymous: Int { field("RssAnon:") }

  /// The part that belongs to files, which the processes of a node share.
  static var mapped: Int { field("RssFile:") }

  /// The most bytes since `startPeak`.
  static var peak: Int { field("VmHWM:") }

  /// Lets the peak begin anew at the present size.
  /// - Returns: that size.
  static func startPeak() throws -> Int {
    try Data("5".utf8).write(to: URL(fileURLWithPath: "/proc/self/clear_refs"))
    return now
  }

  private static func field(_ name: String) -> Int {
    let text = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let line = text.split(separator: "\n").first { $0.hasPrefix(name) }
    let kilobytes = line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) } ?? 0
    return kilobytes * 1024
  }
}
