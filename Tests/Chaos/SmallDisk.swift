import DistTrain
import Foundation

/// A file system of its own in memory, so small that it can be filled.
struct SmallDisk {
  let path: String
  private var filler: String { path + "/filler" }

  /// Mounts it on a folder.
  /// - Throws: where mounting is not permitted.
  init(mountedOn path: String, megabytes: Int) throws {
    self.path = path
    try FileSystem.createFolder(path)
    try Self.call("mount", ["-t", "tmpfs", "-o", "size=\(megabytes)m", "svdist-chaos", path])
  }

  /// Writes until nothing more can be written.
  func fill() {
    guard let file = try? OutputFile(path: filler) else { return }
    let block = [UInt8](repeating: 1, count: 1 << 12)
    // OutputFile hands on what it has gathered, in part where the disk ends.
    while (try? file.write(block)) != nil {}
  }

  func free() throws { try FileSystem.remove(filler) }

  func unmount() throws { try Self.call("umount", ["-l", path]) }

  private static func call(_ name: String, _ arguments: [String]) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [name] + arguments
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw Failure(.failed, "\(name) \(arguments.joined(separator: " ")) is not permitted")
    }
  }
}
