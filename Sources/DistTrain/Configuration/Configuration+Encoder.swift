import Yams

extension Configuration {
  /// The network that makes embeddings: what all types have, and what the type has of its own.
  package struct Encoder: Codable, Sendable, Equatable {
    /// The rows that batch statistics are taken over: those of all ranks, which makes R ranks equal one, or each rank's
    /// own.
    package enum BatchNormalization: String, Choice {
      case global, local
    }

    /// The type; another one comes with its defaults.
    package var type = EncoderArchitecture.known[0] {
      didSet { (own, embedding) = (type.defaults, type.embedding) }
    }
    /// A value for each of the settings that the type alone has, by name.
    package var own = EncoderArchitecture.known[0].defaults
    package var embedding = EncoderArchitecture.known[0].embedding
    package var batchNormalization = BatchNormalization.global

    package init() {}

    /// The type and its own settings in words: `ecapa-tdnn, layout wespeaker, channels 512`.
    package var description: String {
      ([type.name] + type.settings.map { "\($0.name) \(own[$0.name]?.yaml ?? "")" }).joined(separator: ", ")
    }

    /// The settings of an encoder of this type.
    /// - Parameter types: those that `encoder.type` can name.
    static func settings(of type: EncoderArchitecture, among types: [EncoderArchitecture]) -> [Setting] {
      [.encoderType(among: types)] + type.settings.map { .own($0, of: type) } + [
        Setting(
          "encoder.embedding", \.encoder.embedding, "dimensions of an embedding",
          allowed: .from(1, to: EncoderArchitecture.largestSize)),
        Setting(
          "encoder.batchNormalization", \.encoder.batchNormalization,
          "batch statistics over all ranks, or over each rank's rows"
        ),
      ]
    }
  }

  /// A message about settings of the encoder that do not go together, or about features that it cannot read, in one
  /// line; nil where there are none.
  var encoderDisagreement: String? {
    if let message = encoder.type.disagreement(encoder.own) { return message }
    let factor = encoder.type.binsFactor(encoder.own)
    if features.bins % factor == 0 { return nil }
    return "features.bins: a multiple of \(factor) for this encoder (\(encoder.description)), found \(features.bins): "
      + "set \(max(features.bins / factor, 1) * factor)"
  }

  /// The encoder that the settings name.
  public var network: any DistTrain.Encoder {
    encoder.type.encoder(encoder.own, bins: features.bins, dimensions: encoder.embedding)
  }
}

extension Setting {
  fileprivate static func encoderType(among types: [EncoderArchitecture]) -> Setting {
    let names = types.map(\.name)
    return Setting(
      key: "encoder.type", meaning: "architecture; \(names.joined(separator: " | "))", changesResult: true,
      expectation: "one of \(names.joined(separator: ", "))",
      assign: { node, configuration in
        guard let type = types.first(where: { $0.name == node.scalar?.string }) else { return false }
        configuration.encoder.type = type
        return true
      },
      text: { $0.encoder.type.name.yaml }, complaint: { _ in nil })
  }

  /// A setting that one type of encoder has of its own. A configuration of another type has no value of it.
  fileprivate static func own(_ setting: EncoderSetting, of type: EncoderArchitecture) -> Setting {
    let meaning = [setting.meaning, setting.allowed.text].compactMap { $0 }.joined(separator: "; ")
    return Setting(
      key: "encoder.\(setting.name)", meaning: meaning, changesResult: true, expectation: setting.allowed.expectation,
      assign: { node, configuration in
        guard let value = setting.allowed.read(node) else { return false }
        configuration.encoder.own[setting.name] = value
        return true
      },
      text: { $0.encoder.own[setting.name]?.yaml ?? "null" },
      complaint: { configuration in
        guard case .number(let number)? = configuration.encoder.own[setting.name], !setting.allowed.contains(number)
        else { return nil }
        return setting.allowed.text
      })
  }
}

extension EncoderSetting.Value {
  fileprivate var yaml: String {
    switch self {
    case .number(let number): number.yaml
    case .truth(let truth): truth.yaml
    case .choice(let name): name.yaml
    }
  }
}

extension EncoderSetting.Allowed {
  /// The kind of a value, for errors.
  fileprivate var expectation: String {
    switch self {
    case .numbers, .someNumbers: Int.expectation
    case .truths: Bool.expectation
    case .choices(let names): "one of \(names.joined(separator: ", "))"
    }
  }

  /// The values that are allowed of that kind, in words.
  fileprivate var text: String? {
    switch self {
    case .numbers(let range, multipleOf: 1): "\(range.lowerBound) to \(range.upperBound)"
    case .numbers(let range, let factor): "a multiple of \(factor) from \(range.lowerBound) to \(range.upperBound)"
    case .someNumbers(let numbers): numbers.map(\.yaml).joined(separator: " | ")
    case .truths: nil
    case .choices(let names): names.joined(separator: " | ")
    }
  }

  /// Whether a number is one of those allowed.
  fileprivate func contains(_ number: Int) -> Bool {
    switch self {
    case .numbers(let range, let factor): range.contains(number) && number % factor == 0
    case .someNumbers(let numbers): numbers.contains(number)
    case .truths, .choices: false
    }
  }

  fileprivate func read(_ node: Node) -> EncoderSetting.Value? {
    switch self {
    case .numbers, .someNumbers: Int.read(node).map { .number($0) }
    case .truths: Bool.read(node).map { .truth($0) }
    case .choices(let names): node.scalar.flatMap { names.contains($0.string) ? .choice($0.string) : nil }
    }
  }
}
