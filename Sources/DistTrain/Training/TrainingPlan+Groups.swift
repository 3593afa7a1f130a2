extension ParameterGroups {
  /// The groups that the settings name.
  /// - Throws: `Failure(.usage)` for a part that no tensor of the encoder belongs to, with the nearest one that has
  ///   some, and where nothing would be trained.
  init(_ configuration: Configuration, _ encoder: any Encoder) throws {
    let settings = configuration.training
    self.init(
      frozen: settings.frozen.map(\.name), unfreeze: configuration.schedule.unfreeze,
      factors: settings.learningRates.values)
    let trained = encoder.layout.parameters.parameters.map(\.name)
    let running = encoder.layout.statistics.parameters.map(\.name)
    let description = configuration.encoder.description
    try Self.check(frozen, among: trained + running, key: "training.frozen", description)
    try Self.check(factors.keys.sorted(), among: trained, key: "training.learningRates", description)
    guard freezes(at: settings.steps - 1), (trained + [Self.classifier]).allSatisfy(isFrozen(_:)) else { return }
    throw Failure(
      .usage, "training.frozen: holds the encoder and the classifier to the end: nothing would be trained")
  }

  private static func check(_ parts: [String], among names: [String], key: String, _ encoder: String) throws {
    let names = names + [classifier]
    guard let unknown = parts.first(where: { part in !names.contains { holds(part, $0) } }) else { return }
    let known = names.flatMap(beginnings).distinct
    throw Failure(
      .usage,
      "\(key): no parameter's name begins with \(unknown) in this encoder (\(encoder)); the nearest that some begin "
        + "with is " + (Spelling.closest(to: unknown, among: known) ?? classifier))
  }

  /// The beginnings of a name in whole words: `layer1`, `layer1.conv` and `layer1.conv.weight`.
  private static func beginnings(of name: String) -> [String] {
    let words = name.split(separator: ".")
    return words.indices.map { words[...$0].joined(separator: ".") }
  }
}
