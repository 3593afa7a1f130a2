import Foundation

/// An encoder of another toolkit, found in its weights and its configuration, as one of svdist's.
package struct ForeignEncoder: Sendable {
  /// The file of the weights.
  package let path: String
  /// Lines about what was found in the file and in the configuration, what was left out, and what the settings of the
  /// front end cannot say.
  package let notes: [String]
  /// The settings of the encoder and its front end.
  package let configuration: Configuration
  /// The kind of encoder, as its toolkit calls it.
  package let kind: String
  private let tensors: ForeignTensors
  /// The weights that read the features, and by what they are multiplied.
  private let entry: (name: String, factor: Float)

  /// Finds the encoder in the files. Only their beginnings are read: `write` reads the numbers.
  /// - Parameters:
  ///   - source: a file of weights, or a folder with one and with the toolkit's configuration.
  ///   - toolkit: whose features the encoder has; nil takes the one that the configuration, or else the encoder's kind,
  ///     is of.
  /// - Throws: `Failure(.badData)` that says what is broken or unknown; its cause is an `EncoderComparison` where
  ///   tensors do not fit.
  package init(_ source: String, toolkit: Toolkit? = nil) throws {
    let source = try ForeignSource(source)
    path = source.weights
    let file = try source.open()
    guard let (family, prefix) = EncoderFamily.find(among: file.names) else {
      throw Failure(
        .badData,
        "\(path): holds none of the encoders that svdist has; its \(file.names.count.counted("tensor")) begin with "
          + file.names.prefix(4).joined(separator: ", "))
    }
    kind = family.words
    let graph = (file as? ExportedTensors)?.unfolded(family.foldings, prefix: prefix)
    tensors = try ForeignTensors(graph ?? file, prefix: prefix)
    let foreign =
      try source.configuration ?? graph.flatMap { try ForeignConfiguration($0.model.metadata, of: source.weights) }
    let frontEnd: ForeignFrontEnd
    if toolkit == nil, let own = try source.own(file) {
      (configuration, frontEnd) = own
      let comparison = EncoderComparison(of: tensors.shapes, with: configuration.network.layout)
      try Self.refuse(comparison, configuration, family, path: path)
    } else {
      frontEnd = ForeignFrontEnd(family, tensors, foreign, toolkit: toolkit)
      configuration = try Self.configuration(family, tensors, frontEnd, path: path)
    }
    try Self.check(foreign, family, tensors.shapes, configuration)
    entry = (family.entry, frontEnd.factor)
    notes = tensors.notes + frontEnd.notes
  }

  /// The settings that fit the tensors.
  private static func configuration(
    _ family: EncoderFamily, _ tensors: ForeignTensors, _ frontEnd: ForeignFrontEnd, path: String
  ) throws -> Configuration {
    var refusal: Failure?
    var best: (configuration: Configuration, comparison: EncoderComparison)?
    for candidate in try candidates(family, tensors.shapes, frontEnd, path: path) {
      do {
        let configuration = try Configuration.load(file: nil, overrides: candidate)
        let comparison = EncoderComparison(of: tensors.shapes, with: configuration.network.layout)
        if comparison.count < best?.comparison.count ?? .max { best = (configuration, comparison) }
      } catch let failure as Failure {
        refusal = refusal ?? failure
      }
    }
    guard let (configuration, comparison) = best else {
      throw Failure(
        .badData, "\(path): \(family.words), but of settings that svdist does not have: \(refusal?.message ?? "")")
    }
    try refuse(comparison, configuration, family, path: path)
    return configuration
  }

  /// - Throws: `Failure(.badData)` where the tensors are not those of an encoder of such settings.
  private static func refuse(
    _ comparison: EncoderComparison, _ configuration: Configuration, _ family: EncoderFamily, path: String
  ) throws {
    if comparison.count == 0 { return }
    let encoder = "\(configuration.encoder.description), embedding \(configuration.encoder.embedding)"
    var failure = Failure(
      .badData,
      "\(path): \(family.words), but its tensors are not those of \(encoder), bins \(configuration.features.bins): "
        + comparison.summary)
    failure.cause = comparison
    throw failure
  }

  /// The settings that may fit the tensors.
  private static func candidates(
    _ family: EncoderFamily, _ shapes: TensorShapes, _ frontEnd: ForeignFrontEnd, path: String
  ) throws -> [[String]] {
    do {
      return try family.candidates(shapes, bins: frontEnd.bins).map { $0 + frontEnd.overrides }
    } catch let missing as TensorShapes.Missing {
      throw Failure(
        .badData, "\(path): \(family.words), but without its tensor \(missing.name), which tells the encoder's sizes")
    }
  }

  /// Compares what the toolkit's configuration says of the encoder with what its tensors say.
  private static func check(
    _ foreign: ForeignConfiguration?, _ family: EncoderFamily, _ shapes: TensorShapes, _ configuration: Configuration
  ) throws {
    guard let foreign else { return }
    let pooling = try family.settings(shapes).pooling
    if let named = foreign.pooling, named.lowercased() != pooling {
      throw Failure(
        .badData,
        "\(foreign.path): pooling_func is \(named), but the tensors are those of \(pooling.uppercased()): svdist does "
          + "not have that pooling, or the file is another encoder's")
    }
    if let dimensions = foreign.embedding, dimensions != configuration.encoder.embedding {
      throw Failure(
        .badData,
        "\(foreign.path): is of embeddings of \(dimensions.counted("dimension")), the tensors make "
          + "\(configuration.encoder.embedding)"
      )
    }
  }

  /// The number of the encoder's trained parameters.
  package var parameterCount: Int { configuration.network.layout.parameters.count }

  /// The encoder and its sizes in words.
  package var description: String {
    "\(configuration.encoder.description), embedding \(configuration.encoder.embedding)"
  }

  /// The settings of the front end in words.
  package var frontEndDescription: String {
    let metadata = configuration.encoderMetadata.filter { $0.key.begins(with: "features.") }
    return metadata.sorted { $0.key < $1.key }.map { "\($0.key.dropping(bytes: 9)) \($0.value)" }.joined(
      separator: ", ")
  }

  /// Checks, before anything is read, that an encoder can be written to a file.
  /// - Throws: `Failure(.usage)` where there is something of that name already, or no folder for it.
  package static func check(_ output: String) throws {
    try AtomicFile.check([output], for: "encoder") { _ in true }
    guard !FileSystem.isDevice(output), let file = try? InputFile(path: output), file.bytes > 0 else { return }
    throw Failure(.usage, "\(output): is there already, and would be lost: choose another name, or remove it")
  }

  /// Reads the tensors and writes svdist's file of the encoder, which appears whole or not at all.
  /// - Parameter counting: shows how many tensors are read.
  /// - Throws: `Failure(.badData)` where a tensor cannot be read or holds what is no number.
  package func write(to output: String, counting: WorkCounting = .silent) throws {
    let layout = configuration.network.layout
    let floats = layout.parameters.count + layout.statistics.count
    guard HostMemory.holds(4 * floats) else { throw InputFile.tooLarge(path) }
    let layouts = [layout.parameters, layout.statistics]
    let count = layouts.reduce(0) { $0 + $1.parameters.count }
    let read = try counting.count(count, of: "tensors read") { advance in
      try layouts.flatMap { try tensors(of: $0, advance) }
    }
    let origin = [
      "imported.from": FileSystem.name(of: path), "imported.kind": kind, "imported.factor": "\(entry.factor)",
    ]
    try SafetensorsFile.write(
      read, metadata: configuration.encoderMetadata.merging(origin) { own, _ in own }, to: output)
  }

  /// The numbers of a layout's tensors, as svdist has them.
  private func tensors(of layout: ParameterLayout, _ advance: WorkCounting.Advance) throws -> [NamedTensor] {
    let buffer = Buffer(count: layout.count)
    return try layout.parameters.map { tensor in
      let values = UnsafeMutableBufferPointer(start: buffer.pointer + tensor.offset, count: tensor.count)
      try tensors.read(tensor.name, into: values)
      if tensor.name == entry.name { for index in values.indices { values[index] *= entry.factor } }
      advance(1)
      return NamedTensor(name: tensor.name, shape: tensor.shape, buffer: buffer, offset: tensor.offset)
    }
  }
}
