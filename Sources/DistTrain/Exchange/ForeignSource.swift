/// The file of another toolkit's weights, with the configuration beside it.
struct ForeignSource: Sendable {
  /// The file of the weights.
  let weights: String
  let configuration: ForeignConfiguration?

  /// The names that toolkits give to an encoder's weights.
  private static let usualNames = [
    "avg_model.pt", "embedding_model.ckpt", "pytorch_model.bin", "model.safetensors",
  ]
  private static let suffixes: Set = ["pt", "pth", "bin", "ckpt", "safetensors", "onnx"]

  /// - Parameter path: a file of weights, or a folder with one.
  /// - Throws: `Failure(.badData)` where a folder has none, or several of which none has a name that toolkits use.
  init(_ path: String) throws {
    let folder: String
    if FileSystem.isFolder(path) {
      folder = path.withoutEndingSlashes
      weights = try Self.weights(in: folder)
    } else {
      (folder, weights) = (FileSystem.folder(of: path), path)
    }
    configuration = try ForeignConfiguration.names.lazy.map { "\(folder)/\($0)" }.filter { FileSystem.exists($0) }
      .compactMap { try ForeignConfiguration(path: $0) }.first
  }

  private static func weights(in folder: String) throws -> String {
    let names = try FileSystem.names(in: folder)
    if let usual = usualNames.first(where: names.contains) { return "\(folder)/\(usual)" }
    let found = names.filter { suffixes.contains(FileSystem.suffix(of: $0)) }
    guard found.count < 2, let only = found.first else {
      let what =
        found.isEmpty
        ? "no file of weights"
        : "\(found.count) files of weights (\(found.prefix(4).joined(separator: ", ")))"
      throw Failure(
        .badData, "\(folder): has \(what): name the encoder's own, a .pt, .pth, .bin, .ckpt, .safetensors or .onnx file"
      )
    }
    return "\(folder)/\(only)"
  }

  /// The settings of an encoder that svdist wrote, in its own file or in a toolkit's form, with what is to be known of
  /// its features; nil for any other encoder.
  /// - Parameter file: the opened weights.
  /// - Throws: `Failure(.badData)` for settings that are unknown here.
  func own(_ file: any TensorFile) throws -> (configuration: Configuration, frontEnd: ForeignFrontEnd)? {
    if let own = file as? SafetensorsFile, own.metadata["encoder.type"] != nil {
      let note = "\(weights) is svdist's own encoder already: --encoder takes it as it is"
      return (try .encoder(metadata: own.metadata, path: weights), ForeignFrontEnd(own: note, factor: 1))
    }
    guard let configuration, let own = configuration.own else { return nil }
    let note = "\(configuration.path) was read, by svdist's own settings in it"
    let factor = configuration.toolkit == .speechbrain ? SpeechBrainConfiguration.factor(own.features) : 1
    return (own, ForeignFrontEnd(own: note, factor: factor))
  }

  /// Opens the weights.
  ///
  /// A safetensors file has the beginning of its header behind the header's length; no archive of PyTorch's has the same
  /// there, and an ONNX file only by chance.
  /// - Throws: `Failure(.badData)` also for a graph of svdist's.
  func open() throws -> any TensorFile {
    let start = try InputFile(path: weights).beginning(9)
    let suffix = FileSystem.suffix(of: weights)
    if suffix == "safetensors" || suffix != "onnx" && start.dropFirst(8).first == UInt8(ascii: "{") {
      return try SafetensorsFile(path: weights)
    }
    if suffix == "onnx" || ONNXFile.isModel(beginningWith: start) { return try openGraph() }
    return try TorchFile(path: weights)
  }

  private func openGraph() throws -> ExportedTensors {
    let tensors = try ExportedTensors(path: weights)
    guard tensors.model.metadata["encoder.type"] == nil else {
      throw Failure(
        .badData, "\(weights): is a graph that svdist exported: --encoder takes the encoder's own file in its place")
    }
    return tensors
  }
}
