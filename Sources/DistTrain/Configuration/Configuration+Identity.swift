extension Configuration {
  /// SHA-256 of the resolved settings, in hexadecimal digits.
  package var digest: String {
    Array(yaml.utf8).withUnsafeBytes { SHA256.of($0) }.hexadecimal
  }

  /// The description that a file of parameters has of the network they belong to: the settings of encoder and front end
  /// by their keys.
  ///
  /// Dither is not one of them: it's a kind of augmentation, which an encoder that is scored never sees, and a run that
  /// goes on may be told to change it.
  package var encoderMetadata: [String: String] {
    let described = settings.filter { Self.isOfEncoder($0.key) && $0.key != "features.dither" }
    return Dictionary(uniqueKeysWithValues: described.map { ($0.key, $0.text(self)) })
  }

  /// All settings by their keys, as values on one line of YAML, in the order of the file; of stages those that differ
  /// from the common ones.
  package var listed: [(key: String, text: String)] {
    let own = zip(stages.indices, ofStages).flatMap { index, stage in
      changeableSettings.filter { $0.text(stage) != $0.text(self) }
        .map { (key: StagePlace(index: index).key($0.key), text: $0.text(stage)) }
    }
    return settings.map { (key: $0.key, text: $0.text(self)) } + own
  }

  private static func isOfEncoder(_ key: String) -> Bool { key.hasPrefix("encoder.") || key.hasPrefix("features.") }

  /// The settings of encoder and front end that a file of parameters was saved with. One that it doesn't name has its
  /// default: the file is older than the setting.
  /// - Throws: `Failure(.badData)`, also for a setting that is unknown here: without it, the encoder would be another.
  package static func encoder(metadata: [String: String], path: String) throws -> Configuration {
    guard metadata["encoder.type"] != nil else {
      throw Failure(.badData, "\(path): does not say which encoder it holds; svdist's own model files do")
    }
    let known = keys()
    let described = metadata.filter { isOfEncoder($0.key) }.sorted { $0.key < $1.key }
    if let unknown = described.first(where: { entry in !known.contains(entry.key) }) {
      throw Failure(
        .badData,
        "\(path): its metadata has \(unknown.key) (\(unknown.value)), which this svdist doesn't know: use the one that "
          + "wrote the file, or a newer one")
    }
    let overrides = described.map { "\($0.key)=\($0.value)" }
    do {
      return try load(file: nil, overrides: overrides)
    } catch let failure as Failure {
      throw Failure(.badData, "\(path): \(failure.message)")
    }
  }
}

extension Configuration {
  /// Makes sure that encoder and front end are those of a stored encoder. Dither and the rows that batch statistics are
  /// taken over are the training's own.
  /// - Parameters:
  ///   - stored: the settings of the stored encoder.
  ///   - path: by which a refusal names it.
  /// - Throws: `Failure(.usage)` that names all settings that differ.
  package func checkEncoder(_ stored: Configuration, of path: String) throws {
    let (now, there) = (encoderMetadata, stored.encoderMetadata)
    let own = "encoder.batchNormalization"
    let others = settings.map(\.key).compactMap { key -> String? in
      guard let value = now[key], let theirs = there[key], key != own, value != theirs else { return nil }
      return "\(key) is \(value), there \(theirs)"
    }
    guard !others.isEmpty else { return }
    throw Failure(
      .usage,
      "training.from: \(path) holds another encoder (\(others.joined(separator: "; "))): leave these settings out, or "
        + "start from another one")
  }

  /// The settings that differ from those a run was started with and would change its result, in the order of the
  /// file: with any of them the run can't go on as if it had never stopped. `training.steps` is one of them, since
  /// schedules stretch over it; how often a run evaluates and saves, and what it is evaluated on, are not.
  package func differences(from stored: Configuration) -> [(key: String, stored: String, now: String)] {
    // What only one of two types of encoder has differs with `encoder.type`.
    let shared = Set(stored.settings.map(\.key))
    return settings.filter { $0.changesResult && shared.contains($0.key) }
      .map { (key: $0.key, stored: $0.text(stored), now: $0.text(self)) }
      .filter { $0.stored != $0.now } + differencesOfStages(from: stored)
  }

  /// The settings of stages that differ, but for those that a stage takes from the common settings both times: these
  /// differ with them.
  private func differencesOfStages(from stored: Configuration) -> [(key: String, stored: String, now: String)] {
    guard stages.count == stored.stages.count else {
      let counts = [stored, self].map { $0.stages.isEmpty ? "none" : "\($0.stages.count)" }
      return [(StagePlace.key, counts[0], counts[1])]
    }
    return zip(stages.indices, zip(stored.ofStages, ofStages)).flatMap { index, pair in
      changeableSettings.compactMap { setting in
        let (was, now) = (setting.text(pair.0), setting.text(pair.1))
        let isCommon = was == setting.text(stored) && now == setting.text(self)
        return was == now || isCommon ? nil : (StagePlace(index: index).key(setting.key), was, now)
      }
    }
  }
}
