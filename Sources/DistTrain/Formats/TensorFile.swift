/// A file of named tensors that are read one by one, as floats.
package protocol TensorFile: Sendable {
  var path: String { get }
  /// The names of the tensors.
  var names: [String] { get }

  /// The extents of a tensor.
  /// - Throws: `Failure(.badData)` when there is no tensor of that name.
  func shape(of name: String) throws -> [Int]

  /// The type of a tensor's elements.
  /// - Throws: `Failure(.badData)` when there is no tensor of that name.
  func element(of name: String) throws -> SafetensorsElement

  /// Reads a tensor as floats, in row-major order, from any element type that `SafetensorsElement` converts.
  /// - Throws: `Failure(.badData)` when there is no tensor of that name, or it has another number of elements or
  ///   another type.
  func read(_ name: String, into values: UnsafeMutableBufferPointer<Float>) throws
}

extension SafetensorsFile: TensorFile {}
