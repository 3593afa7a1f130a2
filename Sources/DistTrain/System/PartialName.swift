import Foundation

/// Names of files and folders that are being written: hidden, beside the place that they are for, and each of one
/// writer alone. Two writers of one output do not meet, and what a killed one left is known by the mark of its process.
package enum PartialName {
  /// The suffix of what is to get its place's name.
  package static let suffix = "partial"
  /// The longest part of a name, in bytes, that a partial name repeats: file systems take 255 bytes in all.
  private static let longest = 100

  /// A name beside `path` that nobody has: `.NAME.PROCESS-START-NAMESPACE-BOOT-RANDOM@HOST.SUFFIX`.
  package static func make(for path: String, suffix: String = Self.suffix) -> String {
    let random = String(UInt64.random(in: .min ... .max), radix: 16)
    return FileSystem.folder(of: path) + "/\(beginning(path))\(WriterMark.own)-\(random)@\(hostName()).\(suffix)"
  }

  /// The one hidden name beside `path` that all writers know: `.NAME.SUFFIX`.
  package static func fixed(for path: String, suffix: String) -> String {
    FileSystem.folder(of: path) + "/" + beginning(path) + suffix
  }

  /// The names in a folder that are partial names for `path`, with the process that each is of.
  static func all(for path: String, suffix: String = Self.suffix) -> [(path: String, mark: WriterMark)] {
    let folder = FileSystem.folder(of: path)
    let beginning = beginning(path)
    return ((try? FileSystem.names(in: folder)) ?? []).compactMap { name in
      guard name.hasPrefix(beginning), let mark = mark(of: name.dropFirst(beginning.count), suffix) else { return nil }
      return ("\(folder)/\(name)", mark)
    }
  }

  /// Removes the files, not the folders, that processes of this host which have ended left half-written in a folder.
  static func removeFilesLeft(in folder: String) {
    for name in (try? FileSystem.names(in: folder)) ?? [] where name.hasPrefix(".") && name.hasSuffix(".\(suffix)") {
      let parts = name.dropLast(suffix.count + 1).split(separator: "@", omittingEmptySubsequences: false)
      // The host's name may have dots, and so may the file's.
      guard let start = parts.dropLast().last?.lastIndex(of: "."), parts.count >= 2 else { continue }
      if mark(of: name[name.index(after: start)...], suffix)?.hasEnded == true { unlink("\(folder)/\(name)") }
    }
  }

  private static func beginning(_ path: String) -> String {
    var name = FileSystem.name(of: path)
    while name.utf8.count > longest { name.removeLast() }
    return ".\(name)."
  }

  private static func mark(of rest: Substring, _ suffix: String) -> WriterMark? {
    guard rest.hasSuffix(".\(suffix)") else { return nil }
    let parts = rest.dropLast(suffix.count + 1).split(separator: "@", maxSplits: 1)
    return parts.count == 2 ? WriterMark(parts[0], host: parts[1]) : nil
  }
}

/// The process that writes something, as a file's name can say it.
struct WriterMark: CustomStringConvertible {
  private let pid: Int32
  private let started: String
  private let namespace: String
  private let boot: String
  private let host: String

  /// This process.
  static let own = WriterMark(
    pid: getpid(), started: ProcessStatus(of: getpid())?.started ?? "0", namespace: digits(ProcessStatus.namespace),
    boot: ProcessStatus.boot.filter { $0 != "-" }, host: hostName())

  private init(pid: Int32, started: String, namespace: String, boot: String, host: String) {
    self.pid = pid
    self.started = started
    self.namespace = namespace
    self.boot = boot
    self.host = host
  }

  /// Reads `PROCESS-START-NAMESPACE-BOOT-RANDOM`, which earlier versions wrote without the boot; nil for other text.
  init?(_ text: Substring, host: Substring) {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard (4...5).contains(parts.count), let pid = Int32(parts[0]), pid > 0,
      UInt64(parts[parts.count - 1], radix: 16) != nil
    else { return nil }
    self.init(
      pid: pid, started: String(parts[1]), namespace: String(parts[2]),
      boot: parts.count == 5 ? String(parts[3]) : "", host: String(host))
  }

  var description: String { "\(pid)-\(started)-\(namespace)-\(boot)" }

  /// Whether the process has ended for sure: it ran on this host, and is no more. Names do not tell hosts apart,
  /// because copies of a machine share theirs; of one that has started anew since, nothing is known.
  var hasEnded: Bool {
    host == hostName() && !boot.isEmpty && boot == Self.own.boot && namespace == Self.own.namespace
      && ProcessStatus.hasEnded(pid, started: started)
  }

  private static func digits(_ text: String) -> String { text.filter(\.isNumber) }
}
