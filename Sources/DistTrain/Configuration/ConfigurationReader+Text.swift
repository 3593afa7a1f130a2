import Foundation
import Yams

extension ConfigurationReader {
  /// The bytes beyond which a file is no configuration.
  private static let largestFile = 1 << 20

  /// The text of a configuration file.
  static func text(of file: String) throws -> String {
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

  /// The values of a YAML text; nil for an empty one.
  func parse(_ text: String) throws -> Node? {
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
