import Foundation

/// Files that the kernel makes up when they are read (/proc, /sys), whose length says nothing.
package enum KernelFile {
  /// The whole text of a file, or nil where there is none or it may not be read.
  package static func text(_ path: String) -> String? {
    guard let descriptor = try? SystemCall.run(.read, path, { open(path, O_RDONLY | O_CLOEXEC) }) else { return nil }
    defer { _ = close(descriptor) }
    var contents: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      guard let count = try? SystemCall.run(.read, path, { read(descriptor, &block, block.count) }) else { return nil }
      if count == 0 { return String(decoding: contents, as: UTF8.self) }
      contents += block[..<count]
    }
  }

  /// The bytes that a line of the kernel's tables gives in kB, or nil where there is no such line.
  static func bytes(_ name: String, in text: String) -> Int? {
    let line = text.split(separator: "\n").first { $0.hasPrefix(name) }
    return line?.split(separator: " ").dropFirst().first.flatMap { Int($0) }.map { $0 << 10 }
  }
}
