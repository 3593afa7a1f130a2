import DistTrain
import Foundation
import TestTools
import Testing

@Suite struct EncoderAverageTests {
  private let folder: TestFolder

  init() throws { folder = try TestFolder() }

  private func configuration(_ settings: [String] = []) throws -> Configuration {
    try Configuration.load(
      file: nil,
      overrides: ["encoder.channels=16", "encoder.aggregation=24", "encoder.embedding=8", "features.bins=24"] + settings
    )
  }

  /// Writes an encoder, of whose tensors the elements are `values` over and over, those of running statistics from the
  /// second one on.
  private func encoder(_ name: String, _ values: [Float], _ settings: [String] = []) throws -> String {
    let configuration = try configuration(settings)
    let layout = configuration.network.layout
    func tensors(_ layout: ParameterLayout, from first: Int) -> [NamedTensor] {
      layout.parameters.map { tensor in
        let elements = (0..<tensor.count).map { values[($0 + first) % values.count] }
        return NamedTensor(name: tensor.name, shape: tensor.shape, values: elements)
      }
    }
    let classifier = NamedTensor(name: "classifier.prototypes", shape: [2], values: [1, 2])
    let path = folder.path(name)
    try SafetensorsFile.write(
      tensors(layout.parameters, from: 0) + tensors(layout.statistics, from: 1) + [classifier],
      metadata: configuration.encoderMetadata, to: path)
    return path
  }

  private func average(_ files: [String], to name: String = "average.safetensors") throws -> SafetensorsFile {
    let path = folder.path(name)
    try EncoderAverage(of: files).write(run: "run", steps: [10, 20, 30], rule: "last 3", to: path)
    return try SafetensorsFile(path: path)
  }

  @Test func `each checkpoint that is read is counted`() throws {
    let files = try (0..<3).map { try encoder("\($0).safetensors", [Float($0)]) }
    let shown = CountedWork()
    _ = try EncoderAverage(of: files, counting: shown.counting)
    #expect(shown.works == [.init("checkpoints read", count: 3, done: 3, isOver: true)])
  }

  @Test func `it is the arithmetic mean of parameters and running statistics, of sums in double precision`() throws {
    // 2²⁴ + 1 + 1 is 2²⁴ in single precision, and a mean of means would be another number.
    let files = try [[16_777_216, -3, 1] as [Float], [1, 5, 0.5], [1, -8, 0.75]].enumerated().map {
      try encoder("\($0).safetensors", $1)
    }
    let file = try average(files)
    let expected: [Float] = [5_592_406, -2, 0.75]
    let layout = try configuration().network.layout
    for (layout, first) in [(layout.parameters, 0), (layout.statistics, 1)] {
      for tensor in layout.parameters {
        let values = (0..<tensor.count).map { expected[($0 + first) % 3] }
        #expect(try file.values(of: tensor.name) == values, "\(tensor.name)")
        #expect(try file.shape(of: tensor.name) == tensor.shape)
      }
    }
    #expect(file.names.count == layout.parameters.parameters.count + layout.statistics.parameters.count)
  }

  @Test func `the mean of one encoder is that encoder, to the last bit`() throws {
    let values: [Float] = [-0.0, 0.1, -Float.leastNonzeroMagnitude, 3.3e38, 1]
    let file = try average([encoder("one.safetensors", values)])
    let first = try #require(try configuration().network.layout.parameters.parameters.first)
    let bits = try file.values(of: first.name).map(\.bitPattern)
    #expect(bits == (0..<first.count).map { values[$0 % 5].bitPattern })
  }

  @Test func `it is an encoder that says what it is the mean of`() throws {
    let files = try [encoder("a.safetensors", [0.5, 0.25]), encoder("b.safetensors", [0.75, 1])]
    let file = try average(files)
    #expect(file.metadata["average.steps"] == "10,20,30")
    #expect(file.metadata["average.run"] == "run" && file.metadata["average.rule"] == "last 3")
    let trained = try TrainedEncoder(file.path)
    #expect(trained.settings == (try configuration().encoderMetadata))
    #expect(trained.identity != (try TrainedEncoder(files[0]).identity))
    #expect(try EncoderAverage(of: files).words == "ecapa-tdnn of 8 dimensions")
    // One of one encoder has that encoder's embeddings, and so its identity.
    let same = try average([files[0]], to: "same.safetensors")
    #expect(try TrainedEncoder(same.path).identity == TrainedEncoder(files[0]).identity)
  }

  @Test func `encoders of other settings, and numbers that are not finite, are refused by file`() throws {
    let one = try encoder("a.safetensors", [0.5])
    let other = try encoder("b.safetensors", [0.5], ["features.window=povey"])
    let refusal = failure { _ = try EncoderAverage(of: [one, other]) }
    #expect(refusal?.kind == .badData)
    let words = "\(other): is of other settings than \(one) (features.window povey, there hamming)"
    #expect(refusal?.message.hasPrefix(words) == true, "\(refusal?.message ?? "")")
    for values in [[1, .nan], [.infinity, 1]] as [[Float]] {
      let broken = try encoder("c.safetensors", values)
      for files in [[broken], [one, broken]] {
        let refusal = failure { _ = try EncoderAverage(of: files) }
        #expect(refusal?.kind == .badData && refusal?.message.hasPrefix("\(broken): holds numbers") == true)
      }
    }
  }

  @Test func `only an average is replaced`() throws {
    let one = try encoder("a.safetensors", [0.5])
    let message = failure { try EncoderAverage.check(one) }?.message
    #expect(message?.contains("is there and holds no average of checkpoints") == true, "\(message ?? "")")
    let file = try average([one])
    #expect(failure { try EncoderAverage.check(file.path) } == nil)
    #expect(failure { try EncoderAverage.check(folder.path("none/x.safetensors")) }?.kind == .usage)
  }
}
