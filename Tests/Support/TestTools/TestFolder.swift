import DistTrain
import Foundation

/// A folder of a test's own, removed with the value.
package final class TestFolder: Sendable {
  package let path: String

  package init() throws {
    let url = FileManager.default.temporaryDirectory.resolvingSymlinksInPath()
      .appendingPathComponent("svdist-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    path = url.path
  }

  deinit {
    try? FileManager.default.removeItem(atPath: path)
  }

  package func path(_ name: String) -> String {
    "\(path)/\(name)"
  }

  @discardableResult
  package func write(_ name: String, _ bytes: some Sequence<UInt8>) throws -> String {
    let url = URL(fileURLWithPath: path(name))
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: url)
    return url.path
  }

  @discardableResult
  package func write(_ name: String, _ text: String) throws -> String {
    try write(name, text.utf8)
  }

  package func read(_ name: String) throws -> String {
    try String(contentsOfFile: path(name), encoding: .utf8)
  }

  /// A WAV file at 16 kHz of 32-bit floats.
  package func writeWave(_ name: String, samples: [Float]) throws {
    func bytes(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
    var file = Array("RIFF".utf8) + bytes(UInt32(36 + 4 * samples.count)) + Array("WAVEfmt ".utf8) + bytes(16)
    file += [3, 0, 1, 0] + bytes(16_000) + bytes(64_000) + [4, 0, 32, 0]
    file += Array("data".utf8) + bytes(UInt32(4 * samples.count)) + samples.flatMap { bytes($0.bitPattern) }
    try write(name, file)
  }

  /// A tone of so many seconds.
  package func writeTone(_ name: String, seconds: Double = 1) throws {
    try writeWave(name, samples: (0..<Int(16_000 * seconds)).map { 0.5 * sin(Float($0) / 20) })
  }

  /// Everything below the folder, sorted.
  package func contents(_ name: String) throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: path(name)).sorted()
  }
}
