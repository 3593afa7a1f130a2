/// The names that PyTorch's exporter (that with `dynamo=False`) gives to nodes: since 1.13 the path of the module that computes them, and the
/// operation, such as `/layer1/layer1.0/conv1/Conv`.
package enum ExportedModule {
  /// The module's name in PyTorch, such as `layer1.0.conv1`: a part that begins with the one before it and a dot is a
  /// member of that one, and stands for both.
  /// - Returns: nil for a node's name that has no path, as those of earlier exporters.
  package static func name(ofNode node: String) -> String? {
    let parts = node.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count > 1, parts[0].isEmpty else { return nil }
    var path: [Substring] = []
    for part in parts.dropFirst().dropLast() {
      if let last = path.last, part.utf8.starts(with: (last + ".").utf8) { path.removeLast() }
      path.append(part)
    }
    return path.joined(separator: ".")
  }

  /// Whether a tensor has a name of the exporter's own, such as `onnx::Conv_215`, `507`, `/pool/Constant_output_0` or
  /// `val_13`, not that of a module's parameter.
  static func isAnonymous(_ name: String) -> Bool {
    name.utf8.contains(UInt8(ascii: "/")) || !name.utf8.contains(UInt8(ascii: "."))
  }
}
