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
  var source = ""
  var isFile = false
  /// The settings that the source at hand has set so far.
  private var seen: Set<String> = []
  /// The stages' settings as they came, and the stage whose settings are being read.
  private var stages: [[(key: String, node: Node, place: String)]] = []
  private var stage: StagePlace?
  /// Those of the two types that were given.
  private var givenTypes: Set<String> = []
  /// The profile that was given last. The settings that were given win over its own, wherever they stand.
  private var profile: (value: FrontEnd.Profile, place: String)?

  init(encoders: [EncoderArchitecture]) {
    self.encoders = encoders
    settings = Configuration.settings(of: encoders[0], .kaldi, among: encoders)
    keys = Configuration.keys(of: encoders) + [FrontEnd.profileKey, StagePlace.key]
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
      try Self.assign(node, to: setting, of: &configuration, key: key, place: place)
    }
    waiting = []
    configuration.stages = try stages.indices.map(finished)
    return configuration
  }

  /// A stage with the common settings wherever none of its own was given.
  private func finished(stage index: Int) throws -> Configuration.Stage {
    var own = configuration
    for (key, node, place) in stages[index] {
      guard let setting = settings.first(where: { $0.key == key }) else { continue }
      try Self.assign(node, to: setting, of: &own, key: StagePlace(index: index).key(key), place: place)
    }
    return Configuration.Stage(own)
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
    let sets = Configuration.EvaluationSet.key
    guard !key.hasPrefix("\(sets)[") else {
      throw Failure(.usage, "\(source): the list is set as a whole: \(sets)=[{name: x, corpus: folder, trials: file}]")
    }
    let node = try parse(String(parts[1])) ?? Node("", Tag(.null))
    guard let (place, rest) = StagePlace.parse(key) else { return try read(node, key: key) }
    guard place.index < stages.count else {
      throw Failure(
        .usage, "\(source): there are \(stages.count) stages, which count from 0: set stages to a list first")
    }
    try read(node, key: rest, ofStage: place)
  }

  private mutating func read(_ node: Node, key: String) throws {
    if key.isEmpty || groups.contains(key) { return try readGroup(node, key: key) }
    let shown = shown(key)
    guard keys.contains(key) else { throw failure(node, "\(shown): unknown setting\(advice(for: key))") }
    guard seen.insert(shown).inserted else { throw failure(node, "\(shown): set twice: keep one") }
    if let stage {
      guard Configuration.mayChange(key) else {
        throw failure(node, "\(shown): the same in all stages: set \(key) once, beside stages")
      }
      return stages[stage.index].append((key, node, place(of: node)))
    }
    if key == StagePlace.key { return try readStages(node) }
    if key == Configuration.EvaluationSet.key { return try readSets(node) }
    if key == "encoder.type" || key == "features.type" { givenTypes.insert(key) }
    if key == FrontEnd.profileKey {
      guard let value = FrontEnd.Profile.read(node) else {
        throw failure(node, "\(key): expected \(FrontEnd.Profile.expectation), found \(node.summary)")
      }
      profile = (value, place(of: node))
    } else if ownKeys.contains(key) {
      waiting.append((key, node, place(of: node)))
    } else if let setting = settings.first(where: { $0.key == key }) {
      try Self.assign(node, to: setting, of: &configuration, key: key, place: place(of: node))
    }
  }

  /// Reads the list of stages, which takes the place of one that was given before.
  private mutating func readStages(_ node: Node) throws {
    if isFile, node.plainText == "" { return }
    guard let list = node.sequence else {
      throw failure(node, "\(StagePlace.key): a list of groups of settings, found \(node.summary)")
    }
    guard list.count <= Configuration.mostStages else {
      throw failure(node, "\(StagePlace.key): at most \(Configuration.mostStages), found \(list.count)")
    }
    stages = list.map { _ in [] }
    for (index, item) in list.enumerated() { try read(item, key: "", ofStage: StagePlace(index: index)) }
  }

  /// Reads the list of further sets to evaluate, which takes the place of one that was given before.
  private mutating func readSets(_ node: Node) throws {
    if isFile, node.plainText == "" { return }
    let key = Configuration.EvaluationSet.key
    guard let list = node.sequence else {
      throw failure(
        node, "\(key): expected a list, each \(Configuration.EvaluationSet.expectation), found \(node.summary)")
    }
    guard list.count <= Configuration.EvaluationSet.most else {
      throw failure(node, "\(key): at most \(Configuration.EvaluationSet.most), found \(list.count)")
    }
    let sets = try list.enumerated().map { index, item in
      try Configuration.EvaluationSet(item) { node, member, message in
        failure(node, "\(key)[\(index)]\(member.isEmpty ? "" : ".\(member)"): \(message)")
      }
    }
    configuration.evaluation.sets = sets
  }

  private mutating func read(_ node: Node, key: String, ofStage place: StagePlace) throws {
    stage = place
    defer { stage = nil }
    try read(node, key: key)
  }

  /// A key as errors name it.
  private func shown(_ key: String) -> String { stage?.key(key) ?? key }

  /// - Parameter key: names the setting in errors.
  private static func assign(
    _ node: Node, to setting: Setting, of configuration: inout Configuration, key: String, place: String
  ) throws {
    func failure(_ message: String) -> Failure {
      Failure(.usage, "\(place): \(key): \(message)".replacing("\n", with: " "))
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
        node, "\(shown(key)): a group of settings (\(names(in: key).joined(separator: ", "))), found \(node.summary)")
    }
    for (name, value) in mapping {
      guard let text = name.scalar?.string, !text.isEmpty else {
        let group = shown(key)
        throw failure(name, "\(group.isEmpty ? "a key" : group): a key must be a name, found \(name.summary)")
      }
      let path = key.isEmpty ? text : "\(key).\(text)"
      // An empty value has the mark of what follows it: the key's own is the better place.
      let isUnknown = !groups.contains(path) && !keys.contains(path)
      if isUnknown { throw failure(name, "\(shown(path)): unknown setting\(advice(for: path))") }
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
  static func groups(of keys: [String]) -> [String] {
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
