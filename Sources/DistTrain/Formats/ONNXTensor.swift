/// A tensor that is stored in an ONNX file (TensorProto of onnx.proto).
package struct ONNXTensor: Sendable {
  /// Where the numbers lie.
  enum Place: Sendable {
    /// As they are in memory, the lowest byte first.
    case bytes(Range<Int>)
    /// As numbers of protocol buffers, which hold the bits of half-precision numbers.
    case varints(Range<Int>)
  }

  package let name: String
  package let shape: [Int]
  package let element: SafetensorsElement
  /// The number of elements.
  package let count: Int
  let place: Place

  /// The element types by the numbers that files have for them.
  static let elements: [UInt64: SafetensorsElement] = [
    1: .float32, 2: .uint8, 3: .int8, 4: .uint16, 5: .int16, 6: .int32, 7: .int64, 9: .bool, 10: .float16, 11: .float64,
    12: .uint32, 13: .uint64, 16: .bfloat16,
  ]

  /// Whether the elements are real numbers, as those of weights.
  package var isReal: Bool { [.float32, .float64, .float16, .bfloat16].contains(element) }

  /// Reads the numbers as floats, rounded to nearest.
  /// - Throws: `SafetensorsElement.NoFloats`, `ProtobufFields.Malformed`, or the file's own failure.
  func read(_ file: InputFile, into values: UnsafeMutableBufferPointer<Float>) throws {
    switch place {
    case .bytes(let range): try element.read(file, at: range.lowerBound, into: values)
    case .varints(let range):
      guard element == .float16 || element == .bfloat16 else { throw SafetensorsElement.NoFloats() }
      guard HostMemory.holds(MemoryLayout<UInt64>.size * range.count) else { throw InputFile.tooLarge(file.path) }
      var fields = ProtobufFields(FileWindow(file), in: range)
      let numbers = try fields.numbers()
      guard numbers.count == values.count else {
        throw ProtobufFields.Malformed(
          what: "\(numbers.count) numbers for a shape of \(values.count)", offset: range.lowerBound)
      }
      for (index, number) in numbers.enumerated() {
        values[index] = element.float(bits: UInt16(truncatingIfNeeded: number))
      }
    }
  }
}
