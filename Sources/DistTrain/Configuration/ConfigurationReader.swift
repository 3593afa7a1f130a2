import Foundation
import Yams

/// Reads settings from YAML into a configuration. Each error names its file and line, or its `--set` argument.
struct ConfigurationReader {
  private var configuration = Configuration()
  /// The types that `encoder.type` can name.
  private let encoders: [EncoderArchitecture]
  /// The settings that every configuration has, and those of the first type of encoder and of the usual front end.
  private let settings: [Setting]
  /// The keys of all settings, and of those that some types of encoder or front end have of their own or give a default
  /// of their own.
  private let keys: [String]
  private let ownKeys: Set<String>
  /// Every prefix of a key path that holds settings: `contrastive`, `contrastive.margin` …
  private let groups: [String]
  /// The values of these keys as they came, until all is read and both types are known.
  private var waiting: [(key: String, node: Node, place: String)] = []
  /// The words that errors begin with: a file's path, or an argument as given.
  private var source = ""
  private var isFile = false
  /// The settings that the source at hand has set so far.
  private var seen: Set<String> = []
  /// Those of the two types that were given.
  private var givenTypes: Set<String> = []
  /// The profile that was given last. The settings that were given win over its own, wherever they stand.
  private var profile: (value: FrontEnd.Profile, place: String)?

  init(encoders: [EncoderArchitecture]) {
    self.encoders = encoders
    settings = Configuration.settings(of: encoders[0], .kaldi, among: encoders)
    keys = Configuration.keys(of: encoders) + [FrontEnd.profileKey]
    let features = keys.filter { $0.hasPrefix("features.") && !["features.type", FrontEnd.profileKey].contains($0) }
    ownKeys = Set(encoders.flatMap { $0.settings.map { "encoder.\($0.name)" } } + ["encoder.embedding"] + features)
    groups = Self.groups(of: keys)
    configuration.encoder.type = encoders[0]
  }

  /// The encoder that training starts from, as it was given last.
  var start: String? { configuration.training.from }

  /// Puts a stored encoder and its front end in the place of the defaults.
  mutating func take(_ stored: Configuration) {
    let given = configuration
    (configuration.encoder, configuration.features) = (stored.encoder, stored.features)
    configuration.encoder.batchNormalization = given.encoder.batchNormalization
    if givenTypes.contains("encoder.type"), given.encoder.type != stored.encoder.type {
      configuration.encoder.type = given.encoder.type
    }
    if givenTypes.contains("features.type"), given.features.type != stored.features.type {
      configuration.features.type = given.features.type
    }
  }

  /// The configuration that all sources together make.
  mutating func finish() throws -> Configuration {
    let frontEnd = configuration.features.type
    try takeProfile()
    let own = Configuration.settings(of: configuration.encoder.type, frontEnd, among: encoders)
    for (key, node, place) in waiting {
      guard let setting = own.first(where: { $0.key == key }) else {
        throw Failure(.usage, "\(place): \(key) is not a setting of \(typeInWords(of: key))")
      }
      try assign(node, to: setting, place: place)
    }
    waiting = []
    return configuration
  }

  private mutating func takeProfile() throws {
    guard let profile else { return }
    guard configuration.features.type == .kaldi else {
      throw Failure(
        .usage, "\(profile.place): \(FrontEnd.profileKey) is not a setting of \(typeInWords(of: FrontEnd.profileKey))")
    }
    configuration.features.take(profile.value)
  }

  /// The chosen type of encoder or of front end, with the settings of its own: what a key of its group may be.
  private func typeInWords(of key: String) -> String {
    if key.hasPrefix("features.") {
      let type = configuration.features.type
      let names = FrontEnd.settings(of: type).map { $0.key.dropFirst("features.".count) }.filter { $0 != "type" }
      return "features.type \(type.rawValue); its own are \(names.joined(separator: ", "))"
    }
    let type = configuration.encoder.type
    let names = type.settings.map(\.name).joined(separator: ", ")
    return "encoder.type \(type.name); its own are \(names.isEmpty ? "none" : names)"
  }

  /// Reads a configuration file. An empty one sets nothing.
  mutating func read(file: String) throws {
    source = file
    isFile = true
    seen = []
    guard let root = try parse(try Self.text(of: file)) else { return }
    guard root.mapping != nil else {
      if root.isNull { return }
      throw failure(root, "expected settings as `key: value`, found \(root.summary)")
    }
    try read(root, key: "")
  }

  /// Reads a `key.path=value` argument, whose value is YAML and may be a group such as `{form: angle, value: 0.1}`.
  mutating func read(override argument: String) throws {
    source = "--set \(argument)"
    isFile = false
    seen = []
    let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    let key = parts[0].trimmingCharacters(in: .whitespaces)
    guard parts.count == 2, !key.isEmpty else {
      throw Failure(.usage, "\(source): expected key.path=value, such as crop.seconds=3")
    }
    try read(try parse(String(parts[1])) ?? Node("", Tag(.null)), key: key)
  }

  private mutating func read(_ node: Node, key: String) throws {
    if key.isEmpty || groups.contains(key) { return try readGroup(node, key: key) }
    guard keys.contains(key) else { throw failure(node, "\(key): unknown setting\(advice(for: key))") }
    guard seen.insert(key).inserted else { throw failure(node, "\(key): set twice: keep one") }
    if key == "encoder.type" || key == "features.type" { givenTypes.insert(key) }
    if key == FrontEnd.profileKey {
      guard let value = FrontEnd.Profile.read(node) else {
        throw failure(node, "\(key): expected \(FrontEnd.Profile.expectation), found \(node.summary)")
      }
      profile = (value, place(of: node))
    } else if ownKeys.contains(key) {
      waiting.append((key, node, place(of: node)))
    } else if let setting = settings.first(where: { $0.key == key }) {
      try assign(node, to: setting, place: place(of: node))
    }
  }

  private mutating func assign(_ node: Node, to setting: Setting, place: String) throws {
    func failure(_ message: String) -> Failure {
      Failure(.usage, "\(place): \(setting.key): \(message)".replacing("\n", with: " "))
    }
    guard setting.assign(node, &configuration) else {
      throw failure("expected \(setting.expectation), found \(node.summary)")
    }
    if let allowed = setting.complaint(configuration) {
      throw failure("allowed is \(allowed), found \(setting.text(configuration))")
    }
  }

  private mutating func readGroup(_ node: Node, key: String) throws {
    // A group whose settings are all commented out is an empty scalar.
    if isFile, node.plainText == "" { return }
    guard let mapping = node.mapping else {
      throw failure(
        node, "\(key): a group of settings (\(names(in: key).joined(separator: ", "))), found \(node.summary)")
    }
    for (name, value) in mapping {
      guard let text = name.scalar?.string, !text.isEmpty else {
        throw failure(name, "\(key.isEmpty ? "a key" : key): a key must be a name, found \(name.summary)")
      }
      let path = key.isEmpty ? text : "\(key).\(text)"
      // An empty value has the mark of what follows it: the key's own is the better place.
      let isUnknown = !groups.contains(path) && !keys.contains(path)
      if isUnknown { throw failure(name, "\(path): unknown setting\(advice(for: path))") }
      try read(value, key: path)
    }
  }

  private func failure(_ node: Node, _ message: String) -> Failure {
    Failure(.usage, "\(place(of: node)): \(message)".replacing("\n", with: " "))
  }

  /// The beginning of an error about a node.
  private func place(of node: Node) -> String {
    source + (isFile ? (node.mark.map { ":\($0.line)" } ?? "") : "")
  }
}

extension ConfigurationReader {
  private static func groups(of keys: [String]) -> [String] {
    var groups: [String] = []
    for key in keys {
      let path = key.split(separator: ".")
      for count in 1..<max(1, path.count) {
        let group = path.prefix(count).joined(separator: ".")
        if !groups.contains(group) { groups.append(group) }
      }
    }
    return groups
  }

  /// The names directly inside a group; the whole configuration's where it is empty.
  private func names(in group: String) -> [String] {
    var names: [String] = []
    for key in keys where group.isEmpty || key.hasPrefix(group + ".") {
      let rest = group.isEmpty ? key : String(key.dropFirst(group.count + 1))
      let name = String(rest.prefix { $0 != "." })
      if !names.contains(name) { names.append(name) }
    }
    return names
  }

  /// Advice on an unknown key: the near keys, or else those of the group that it was put in.
  private func advice(for key: String) -> String {
    let near = Spelling.nearest(to: key, among: keys + groups)
    if !near.isEmpty { return "; near: \(near.joined(separator: ", "))" }
    var group = key
    repeat {
      group = group.lastIndex(of: ".").map { String(group[..<$0]) } ?? ""
    } while !group.isEmpty && !groups.contains(group)
    return "; \(group.isEmpty ? "the settings" : group): \(names(in: group).joined(separator: ", "))"
  }

  /// The bytes beyond which a file is no configuration.
  private static let largestFile = 1 << 20

  private static func text(of file: String) throws -> String {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: file, isDirectory: &isFolder) else {
      throw Failure(.usage, "\(file): no such configuration file")
    }
    if isFolder.boolValue { throw Failure(.usage, "\(file): is a folder, expected a YAML file") }
    let bytes: [UInt8]
    do {
      bytes = try PipedFile.contents(of: file, atMost: largestFile + 1)
    } catch {
      if let failure = error as? Failure, failure.kind == .stopped { throw failure }
      throw Failure(.usage, "\(file): the configuration file can't be read: check its permissions")
    }
    // Devices such as /dev/zero never end.
    guard bytes.count <= largestFile else {
      throw Failure(.usage, "\(file): more than \(largestFile >> 20) MB, expected a YAML file")
    }
    guard let text = String(data: Data(bytes), encoding: .utf8) else {
      throw Failure(.usage, "\(file): not UTF-8 text, expected a YAML file")
    }
    return text
  }

  private func parse(_ text: String) throws -> Node? {
    if let line = YAMLAliases.firstLine(in: text) {
      let place = isFile ? ":\(line)" : ""
      throw Failure(
        .usage, "\(source)\(place): anchors (&name) and aliases (*name) are not read: write the value out, or in quotes"
      )
    }
    do {
      return try Yams.compose(yaml: text)
    } catch let error as YamlError {
      throw failure(error)
    }
  }

  private func failure(_ error: YamlError) -> Failure {
    func failure(_ line: Int?, _ problem: String) -> Failure {
      let place = isFile ? (line.map { ":\($0)" } ?? "") : ""
      return Failure(.usage, "\(source)\(place): \(problem)".replacing("\n", with: " "))
    }
    switch error {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
      .composer(_, let problem, let mark, _):
      return failure(mark.line, "not YAML: \(problem)")
    case .reader(let problem, let offset, _, let yaml):
      let line = offset.map { yaml.prefix($0).count { $0.isNewline } + 1 }
      return failure(line, "not YAML: \(problem)")
    case .duplicatedKeysInMapping(let duplicates, let context):
      return failure(context.mark.line, "\(duplicates.joined(separator: ", ")): set twice in one group: keep one")
    default:
      return failure(nil, "not YAML: \(error)")
    }
  }
}

extension Node {
  /// The text of a scalar without quotes, which may be a number or a truth value; nil for any other node.
  var plainText: String? {
    guard let scalar, scalar.style == .plain || scalar.style == .any else { return nil }
    return scalar.string
  }

  /// Whether the node is null or empty.
  var isNull: Bool { plainText.map { ["", "~", "null", "Null", "NULL"].contains($0) } ?? false }

  /// The node in a few words, for error messages.
  var summary: String {
    switch self {
    case .scalar(let scalar): isNull ? "null" : plainText ?? "the text \"\(scalar.string)\""
    case .sequence(let sequence):
      sequence.allSatisfy { $0.scalar != nil }
        ? "the list [\(sequence.map(\.summary).joined(separator: ", "))]" : "a list"
    case .mapping(let mapping): "a group (\(mapping.keys.map(\.summary).joined(separator: ", ")))"
    case .alias: "an alias"
    }
  }
}
