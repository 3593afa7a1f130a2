package import DistTrain
package import Foundation
import Testing

/// Tensors and records that `scripts/golden` computed.
package struct Golden {
  package let tensors: [String: (shape: [Int], values: [Float])]
  package let metadata: [String: String]

  package init(_ name: String) throws {
    let data = try Data(contentsOf: Self.url("\(name).safetensors"))
    let length = data.prefix(8).enumerated().reduce(0) { $0 | Int($1.element) << (8 * $1.offset) }
    let header = try #require(
      JSONSerialization.jsonObject(with: data[8..<8 + length]) as? [String: [String: Any]])
    metadata = header["__metadata__"] as? [String: String] ?? [:]
    tensors = header.filter { $0.key != "__metadata__" }.mapValues { entry in
      let offsets = entry["data_offsets"] as? [Int] ?? [0, 0]
      let bytes = data[8 + length + offsets[0]..<8 + length + offsets[1]]
      let values = bytes.withUnsafeBytes { raw in
        (0..<raw.count / 4).map { raw.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
      }
      return (entry["shape"] as? [Int] ?? [], values)
    }
  }

  package static func record<Record: Decodable>(_ name: String, as type: Record.Type) throws -> Record {
    try JSONDecoder().decode(type, from: Data(contentsOf: url("\(name).json")))
  }

  package static func url(_ name: String) -> URL {
    Bundle.module.resourceURL!.appendingPathComponent("Fixtures/\(name)")
  }

  package func values(_ name: String) throws -> [Float] {
    try #require(tensors[name], "no tensor \(name)").values
  }

  package func matrix(_ name: String) throws -> Matrix {
    let tensor = try #require(tensors[name], "no tensor \(name)")
    return Matrix(rows: tensor.shape[0], columns: tensor.values.count / tensor.shape[0], tensor.values)
  }

  /// The tensors of a flat buffer, each from `scope/NAME`.
  package func flat(_ layout: ParameterLayout, scope: String) throws -> Matrix {
    let buffer = Matrix(rows: 1, columns: layout.count)
    for parameter in layout.parameters {
      let tensor = try #require(tensors["\(scope)/\(parameter.name)"], "\(parameter.name)")
      #expect(tensor.shape == parameter.shape, "\(parameter.name)")
      for (index, value) in tensor.values.enumerated() { buffer.pointer[parameter.offset + index] = value }
    }
    return buffer
  }

  /// Features stored [utterances, bins, frames] as a batch is, bins × (utterances · frames).
  package func features(_ name: String) throws -> Matrix {
    let tensor = try #require(tensors[name], "no tensor \(name)")
    let (utterances, bins, frames) = (tensor.shape[0], tensor.shape[1], tensor.shape[2])
    let features = Matrix(rows: bins, columns: utterances * frames)
    for (index, value) in tensor.values.enumerated() {
      let (utterance, rest) = index.quotientAndRemainder(dividingBy: bins * frames)
      features[rest / frames, utterance * frames + rest % frames] = value
    }
    return features
  }
}

/// ‖a − b‖ / ‖b‖, or ‖a‖ where b is zero.
package func relativeDistance(_ a: [Float], _ b: [Float]) -> Double {
  precondition(a.count == b.count, "\(a.count) and \(b.count) values cannot be compared")
  let difference = zip(a, b).reduce(0.0) { $0 + pow(Double($1.0) - Double($1.1), 2) }.squareRoot()
  let length = b.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
  return length > 0 ? difference / length : difference
}
