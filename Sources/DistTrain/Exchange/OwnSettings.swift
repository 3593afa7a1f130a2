import Yams

/// svdist's own settings in another toolkit's configuration, a group that the toolkit has no use for. By them an
/// encoder comes back with all that the toolkit's words leave open.
enum OwnSettings {
  static let key = "svdist"

  /// The group as YAML.
  static func text(of configuration: Configuration) -> String {
    let lines = configuration.encoderMetadata.sorted { $0.key < $1.key }.map { "  \($0.key): \($0.value)\n" }
    return "# svdist's own settings, by which svdist import gives the same encoder back.\n\(key):\n" + lines.joined()
  }

  /// The settings of a configuration that has the group; nil for any other.
  /// - Parameter path: by which a refusal names the configuration.
  /// - Throws: `Failure(.badData)` for settings that are unknown or no settings.
  static func read(_ root: Node, path: String) throws -> Configuration? {
    guard let group = root[key]?.mapping else { return nil }
    let pairs = group.compactMap { name, value in name.string.map { ($0, value.scalar?.string ?? value.summary) } }
    return try Configuration.encoder(metadata: Dictionary(pairs) { $1 }, path: "\(path), \(key)")
  }
}
