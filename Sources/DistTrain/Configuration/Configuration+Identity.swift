import Crypto

extension Configuration {
  /// SHA-256 of the resolved settings, in hexadecimal digits.
  package var digest: String {
    SHA256.hash(data: Array(yaml.utf8)).map { byte in
      let digits = String(byte, radix: 16)
      return digits.count == 1 ? "0" + digits : digits
    }.joined()
  }

  /// What a file of parameters says of the network they belong to: the settings of encoder and features by their keys.
  package var encoderMetadata: [String: String] {
    let described = settings.filter { $0.key.hasPrefix("encoder.") || $0.key == "features.bins" }
    return Dictionary(uniqueKeysWithValues: described.map { ($0.key, $0.text(self)) })
  }

  /// The settings of encoder and features that a file of parameters was saved with.
  package static func encoder(metadata: [String: String], path: String) throws -> Configuration {
    guard metadata["encoder.type"] != nil else {
      throw Failure(.badData, "\(path): does not say which encoder it holds; svdist's own model files do")
    }
    let overrides = metadata.filter { $0.key.hasPrefix("encoder.") || $0.key == "features.bins" }
      .sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    do {
      return try load(file: nil, overrides: overrides)
    } catch let failure as Failure {
      throw Failure(.badData, "\(path): \(failure.message)")
    }
  }
}

extension Configuration {
  /// The settings that differ from those a run was started with and would change its result, in the order of the
  /// file: with any of them the run can't go on as if it had never stopped. `training.steps` is one of them, since
  /// schedules stretch over it; how often a run evaluates and saves, and what it is evaluated on, are not.
  package func differences(from stored: Configuration) -> [(key: String, stored: String, now: String)] {
    // What only one of two types of encoder has differs with `encoder.type`.
    let shared = Set(stored.settings.map(\.key))
    return settings.filter { $0.changesResult && shared.contains($0.key) }
      .map { (key: $0.key, stored: $0.text(stored), now: $0.text(self)) }
      .filter { $0.stored != $0.now }
  }
}
