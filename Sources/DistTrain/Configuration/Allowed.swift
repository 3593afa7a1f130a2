/// The values that a setting may take, with the words for them in an error and in the help of the settings.
struct Allowed<Value: Sendable>: Sendable {
  let text: String
  let contains: @Sendable (Value) -> Bool
}

extension Allowed where Value: Comparable & SettingValue {
  static func from(_ low: Value, to high: Value) -> Self {
    Allowed(text: "\(low.yaml) to \(high.yaml)") { low <= $0 && $0 <= high }
  }

  static func from(_ low: Value, below high: Value) -> Self {
    Allowed(text: "\(low.yaml) to below \(high.yaml)") { low <= $0 && $0 < high }
  }

  static func above(_ low: Value, to high: Value) -> Self {
    Allowed(text: "above \(low.yaml) to \(high.yaml)") { low < $0 && $0 <= high }
  }
}

extension Allowed<Int> {
  /// A number of steps, from 0 or 1 to a billion, which is more than any run takes.
  static func steps(from low: Int) -> Self { .from(low, to: 1_000_000_000) }
}

extension Allowed<Double> {
  /// A margin: an angle in radians, or a share of the cosine in the same range.
  static var margin: Self { Allowed(text: "0 to below π/2") { $0 >= 0 && $0 < .pi / 2 } }
}
