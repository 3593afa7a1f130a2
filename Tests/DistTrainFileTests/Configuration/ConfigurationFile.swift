import Foundation

/// Calls `body` with the path of a configuration file, alone in a folder that is removed afterwards.
func withConfigurationFile(_ text: String, _ body: (String) throws -> Void) throws {
  try withConfigurationFile(Data(text.utf8), body)
}

/// The same with bytes that needn't be text.
func withConfigurationFile(_ data: Data, _ body: (String) throws -> Void) throws {
  let folder = FileManager.default.temporaryDirectory.appending(path: "configuration-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  let file = folder.appending(path: "configuration.yaml")
  try data.write(to: file)
  try body(file.path)
}
