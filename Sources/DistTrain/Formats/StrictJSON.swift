import Foundation

/// JSON in which an unknown key is an error, where Foundation's decoder ignores it without a word.
enum StrictJSON {
  /// Decodes a value.
  /// - Throws: `Failure(.badData)` that names the file and the key which is missing or of another type.
  static func decode<Value: Decodable>(_ type: Value.Type, from json: Data, path: String) throws -> Value {
    do {
      return try JSONDecoder().decode(type, from: json)
    } catch DecodingError.keyNotFound(let key, _) {
      throw Failure(.badData, "\(path): the key \(JSONText.quoted(key.stringValue)) is missing")
    } catch DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context) {
      let key = name(context.codingPath)
      let what = key.isEmpty ? "its value" : "the value of \(JSONText.quoted(key))"
      throw Failure(.badData, "\(path): \(what) is of another type than expected")
    } catch {
      throw Failure(.badData, "\(path): is not whole JSON")
    }
  }

  /// The name of a value within others: `vad[0][1]`; empty for the outermost.
  private static func name(_ keys: [any CodingKey]) -> String {
    keys.reduce("") { outer, key in
      key.intValue.map { "\(outer)[\($0)]" } ?? (outer.isEmpty ? key.stringValue : "\(outer).\(key.stringValue)")
    }
  }

  /// Checks that all keys of the object, or of the object under `member` in it, are known.
  /// - Throws: `Failure(.badData)` that names the file and the first unknown key in alphabetical order.
  static func check<Keys: CodingKey & CaseIterable>(
    _ json: Data, path: String, keys: Keys.Type, inside member: String? = nil
  ) throws {
    var object = try? JSONSerialization.jsonObject(with: json) as? [String: Any]
    if let member { object = object?[member] as? [String: Any] }
    guard let object else { throw Failure(.badData, "\(path) is not a JSON object") }
    let known = Set(Keys.allCases.map(\.stringValue))
    if let key = object.keys.filter({ !known.contains($0) }).min() {
      throw Failure(.badData, "\(path): unknown key \(JSONText.quoted(key)); a newer svdist may have written it")
    }
  }
}
