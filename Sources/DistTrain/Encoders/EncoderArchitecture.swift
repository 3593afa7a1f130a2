/// A type of encoder as configurations, model files and all commands know it: its name, the settings of its own, and
/// the way to make an encoder from them. A line in `known` makes a new type known everywhere.
public struct EncoderArchitecture: Sendable {
  /// The types that `encoder.type` can name; the first is the default.
  public static let known = [
    ECAPATDNN.architecture, ResNet.architecture, CAMPPlus.architecture, XVector.architecture,
    ReDimNet2.architecture, ReDimNet.architecture,
  ]
  /// The largest value that any size of an encoder may have. No product of a few such sizes overflows, and no layout of
  /// such sizes takes memory.
  package static let largestSize = 65_536

  /// The type's name, the value of `encoder.type`.
  public let name: String
  /// The settings that the type has besides those of all encoders, in the order of a configuration file.
  public let settings: [EncoderSetting]
  /// The dimensions of an embedding where a configuration gives no others.
  package let embedding: Int
  private let make: @Sendable (_ own: OwnSettings, _ bins: Int, _ dimensions: Int) -> any Encoder
  private let factor: @Sendable (_ own: OwnSettings) -> Int
  /// Gives a message, in one line, about values of the settings that do not go together; nil where they do.
  package let disagreement: @Sendable (_ own: OwnSettings) -> String?

  /// - Parameters:
  ///   - embedding: the dimensions of an embedding where a configuration gives no others.
  ///   - make: makes an encoder from values that its settings allow, for features of `bins` numbers a frame and
  ///     embeddings of `dimensions` numbers. It allocates nothing in proportion to the sizes.
  ///   - binsFactor: gives the number of which the bins are a multiple.
  ///   - disagreement: gives a message, in one line, about values that do not go together; nil where they do.
  public init(
    name: String, settings: [EncoderSetting], embedding: Int = 192,
    make: @escaping @Sendable (_ own: OwnSettings, _ bins: Int, _ dimensions: Int) -> any Encoder,
    binsFactor: @escaping @Sendable (_ own: OwnSettings) -> Int = { _ in 1 },
    disagreement: @escaping @Sendable (_ own: OwnSettings) -> String? = { _ in nil }
  ) {
    self.name = name
    self.settings = settings
    self.embedding = embedding
    self.make = make
    factor = binsFactor
    self.disagreement = disagreement
  }

  /// The values of the settings by their names.
  public typealias OwnSettings = [String: EncoderSetting.Value]

  package var defaults: OwnSettings {
    Dictionary(uniqueKeysWithValues: settings.map { ($0.name, $0.standard) })
  }

  /// The number of which the bins of an encoder with the given settings are a multiple.
  package func binsFactor(_ own: OwnSettings) -> Int { factor(own) }

  /// An encoder with the given settings.
  /// - Parameters:
  ///   - own: an allowed value for each of the settings.
  ///   - bins: a multiple of `binsFactor`.
  package func encoder(_ own: OwnSettings, bins: Int, dimensions: Int) -> any Encoder { make(own, bins, dimensions) }
}

/// Architectures are equal if they have the same name, by which configurations store them.
extension EncoderArchitecture: Equatable, Codable {
  public static func == (left: Self, right: Self) -> Bool { left.name == right.name }

  public init(from decoder: any Decoder) throws {
    let name = try decoder.singleValueContainer().decode(String.self)
    guard let known = Self.known.first(where: { $0.name == name }) else {
      throw Failure(.badData, "\(name): no known type of encoder")
    }
    self = known
  }

  public func encode(to encoder: any Swift.Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(name)
  }
}

/// A setting that only one type of encoder has.
public struct EncoderSetting: Sendable {
  /// The value of a setting.
  public enum Value: Sendable, Equatable, Codable {
    case number(Int)
    case truth(Bool)
    case choice(String)
  }

  /// The values that a setting may have.
  public enum Allowed: Sendable {
    /// Whole numbers within a range that are multiples of a given number.
    case numbers(ClosedRange<Int>, multipleOf: Int)
    /// One of several numbers.
    case someNumbers([Int])
    case truths
    /// One of several names.
    case choices([String])
  }

  /// The key within `encoder`.
  public let name: String
  /// The meaning in a few words, as `svdist config` prints it.
  package let meaning: String
  /// The value where a configuration gives no other.
  package let standard: Value
  package let allowed: Allowed

  /// A setting that is a whole number, at most `EncoderArchitecture.largestSize`.
  public static func number(
    _ name: String, _ standard: Int, _ meaning: String, from least: Int = 1, multipleOf factor: Int = 1
  ) -> EncoderSetting {
    EncoderSetting(
      name: name, meaning: meaning, standard: .number(standard),
      allowed: .numbers(least...EncoderArchitecture.largestSize, multipleOf: factor))
  }

  /// A setting that is one of several numbers.
  public static func number(
    _ name: String, _ standard: Int, _ meaning: String, among numbers: [Int]
  ) -> EncoderSetting {
    EncoderSetting(name: name, meaning: meaning, standard: .number(standard), allowed: .someNumbers(numbers))
  }

  /// A setting that is true or false.
  public static func truth(_ name: String, _ standard: Bool, _ meaning: String) -> EncoderSetting {
    EncoderSetting(name: name, meaning: meaning, standard: .truth(standard), allowed: .truths)
  }

  /// A setting that is one of the names of an enumeration.
  public static func choice<Choice: RawRepresentable<String> & CaseIterable>(
    _ name: String, _ standard: Choice, _ meaning: String
  ) -> EncoderSetting {
    EncoderSetting(
      name: name, meaning: meaning, standard: .choice(standard.rawValue),
      allowed: .choices(Choice.allCases.map(\.rawValue)))
  }
}

extension EncoderArchitecture.OwnSettings {
  /// The value of a setting that is a number.
  public func number(_ name: String) -> Int {
    guard case .number(let number) = self[name] else {
      preconditionFailure("\(name) is not a number of these settings")
    }
    return number
  }

  /// The value of a setting that is true or false.
  public func truth(_ name: String) -> Bool {
    guard case .truth(let truth) = self[name] else {
      preconditionFailure("\(name) is no truth value of these settings")
    }
    return truth
  }

  /// The value of a setting that is one of several names.
  public func choice<Choice: RawRepresentable<String>>(_ name: String) -> Choice {
    guard case .choice(let text) = self[name], let choice = Choice(rawValue: text) else {
      preconditionFailure("\(name) is no such choice of these settings")
    }
    return choice
  }
}
