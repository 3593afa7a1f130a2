package import DistTrain
import Foundation

/// Calls `body` with the path of a new folder, which is gone afterwards.
package func withScratchFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
  let path = FileManager.default.temporaryDirectory.appendingPathComponent("svdist-\(UUID().uuidString)").path
  try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(atPath: path) }
  return try body(path)
}

package func write(_ text: String, to path: String) throws {
  try Data(text.utf8).write(to: URL(fileURLWithPath: path))
}

package func read(_ path: String) throws -> String {
  String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)
}

/// The failure that `body` throws, or that all ranks agreed on; nil when it throws none.
package func failure(_ body: () throws -> Void) -> Failure? {
  do {
    try body()
    return nil
  } catch {
    let agreed = (error as? AgreedFailure)?.failure
    return agreed ?? error as? Failure ?? Failure(.failed, "another error: \(error)")
  }
}
