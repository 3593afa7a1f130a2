import Yams

/// One setting of a `Configuration`: its key, its place in the structure, what it means and what it may be.
///
/// The table of a configuration's settings (`Configuration.settings`) is what reading, rendering, checking and
/// comparing go by, so that none of them can know a key that the others don't.
struct Setting: Sendable {
  /// The full key path, such as `contrastive.margin.form`.
  let key: String
  /// The setting's meaning, its unit and its allowed values: the comment that `svdist config` prints.
  let meaning: String
  /// False for a setting that a run may change when it goes on: it doesn't touch the trained parameters.
  let changesResult: Bool
  /// The form of a value, for errors: `a whole number`.
  let expectation: String
  /// Puts the node's value into the configuration; false where the node isn't such a value.
  let assign: @Sendable (Node, inout Configuration) -> Bool
  /// The value as YAML on one line.
  let text: @Sendable (Configuration) -> String
  /// The allowed values, where the configuration's is none of them; nil where it is one.
  let complaint: @Sendable (Configuration) -> String?
}

extension Setting {
  init<Value: SettingValue>(
    _ key: String, _ path: any WritableKeyPath<Configuration, Value> & Sendable, _ meaning: String,
    allowed: Allowed<Value>? = nil, changesResult: Bool = true
  ) {
    self.key = key
    self.meaning = [meaning, allowed?.text ?? Value.choices].compactMap { $0 }.joined(separator: "; ")
    self.changesResult = changesResult
    expectation = Value.expectation
    assign = { node, configuration in
      guard let value = Value.read(node) else { return false }
      configuration[keyPath: path] = value
      return true
    }
    text = { $0[keyPath: path].yaml }
    complaint = { configuration in
      guard let allowed, !allowed.contains(configuration[keyPath: path]) else { return nil }
      return allowed.text
    }
  }

  /// A setting that may be null; `allowed` is what it may be otherwise.
  init<Value: SettingValue>(
    _ key: String, _ path: any WritableKeyPath<Configuration, Value?> & Sendable, _ meaning: String,
    allowed: Allowed<Value>, changesResult: Bool = true
  ) {
    let orNull = Allowed<Value?>(text: "\(allowed.text), or null") { $0.map(allowed.contains) ?? true }
    self.init(key, path, meaning, allowed: orNull, changesResult: changesResult)
  }
}
