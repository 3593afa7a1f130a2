import Foundation

/// The forms of files in which an encoder leaves svdist.
package enum EncoderExport: String, CaseIterable, Sendable {
  /// A graph that runtimes of ONNX compute, with the metadata by which sherpa-onnx knows speaker embeddings.
  case onnx
  /// The tensors under wespeaker's or SpeechBrain's names, and the settings as metadata.
  case safetensors

  /// The form of a file: the one that is named, or that of its suffix.
  /// - Throws: `Failure(.usage)` where neither says it.
  package init(named: String?, path: String) throws {
    let known = Self.allCases.map(\.rawValue).joined(separator: " or ")
    if let named {
      guard let form = Self(rawValue: named) else { throw Failure(.usage, "--format \(named): \(known) is expected") }
      self = form
      return
    }
    guard let form = Self(rawValue: (path as NSString).pathExtension) else {
      throw Failure(.usage, "\(path): its suffix names no form of an encoder: name it by --format, \(known)")
    }
    self = form
  }

  /// Checks, before the encoder is read, that it can be written to a path.
  /// - Throws: `Failure(.usage)` where there is no folder for it, or something else than such an encoder is there.
  package func check(_ path: String) throws {
    switch self {
    case .onnx:
      try AtomicFile.check([path], for: "ONNX model") { ONNXFile.isModel(beginningWith: $0.beginning(3)) }
    case .safetensors:
      try AtomicFile.check([path], for: "encoder") {
        // A checkpoint is a run's: with another encoder in it, the run would have lost it.
        !Checkpoint.isEncoder($0.path) && (try? SafetensorsFile(path: $0.path))?.metadata["encoder.type"] != nil
      }
    }
  }

  /// Writes an encoder to a file, which appears whole or not at all.
  /// - Parameters:
  ///   - language: the language of the speakers, which sherpa-onnx wants to be told.
  ///   - version: svdist's own.
  /// - Throws: `Failure(.usage)` where the form does not hold such an encoder.
  package func write(_ encoder: TrainedEncoder, language: String, version: String, to path: String) throws {
    switch self {
    case .onnx:
      let graph = try encoder.extractor.graph(of: encoder.path)
      let metadata = encoder.sherpaMetadata(language: language, version: version).merging(encoder.settings) { $1 }
      try ONNXFile.write(graph, producer: (name: "svdist", version: version), metadata: metadata, to: path)
    case .safetensors:
      try SafetensorsFile.write(encoder.extractor.tensors, metadata: encoder.settings, to: path)
    }
  }
}

extension EmbeddingExtractor {
  /// The encoder as a graph.
  /// - Parameter path: by which a refusal names the encoder.
  /// - Throws: `Failure(.usage)` where an encoder of its type cannot say itself as a graph.
  package func graph(of path: String) throws -> ONNXGraph {
    guard let encoder = encoder as? any GraphEncoder else {
      throw Failure(.usage, "\(path): there is no ONNX graph of this type of encoder: take --format safetensors")
    }
    return encoder.graph(parameters: parameters, statistics: statistics)
  }

  /// The encoder's parameters and running statistics.
  fileprivate var tensors: [NamedTensor] { encoder.layout.tensors(parameters, statistics) }
}

extension EncoderLayout {
  /// The tensors of an encoder, as views of its flat parameters and running statistics.
  func tensors(_ parameters: Matrix, _ statistics: Matrix) -> [NamedTensor] {
    [(self.parameters, parameters), (self.statistics, statistics)].flatMap { layout, values in
      layout.parameters.map {
        NamedTensor(name: $0.name, shape: $0.shape, buffer: values.buffer, offset: $0.offset)
      }
    }
  }
}

extension TrainedEncoder {
  private var type: String { settings["encoder.type"] ?? "" }
  /// The encoder in a few words.
  package var words: String { "\(type) of \(extractor.encoder.dimensions) dimensions" }

  /// What sherpa-onnx reads of a model of speaker embeddings (its `scripts/wespeaker` and
  /// `csrc/speaker-embedding-extractor-model.cc`).
  package func sherpaMetadata(language: String, version: String) -> [String: String] {
    let frontEnd = extractor.frontEnd
    return [
      "framework": "wespeaker", "model_type": type, "language": language,
      "comment": "svdist \(version)", "sample_rate": "\(FrontEnd.sampleRate)",
      "output_dim": "\(extractor.encoder.dimensions)",
      // 0: samples are scaled to 16 bits before the filter bank.
      "normalize_samples": frontEnd.scale == .int16 ? "0" : "1",
      "feature_normalize_type": frontEnd.meanRemoval == .utterance ? "global-mean" : "",
    ]
  }

  /// A line about settings of the front end that sherpa-onnx has fixed to other values, by which its embeddings would be
  /// others; nil where there are none.
  package var sherpaRemark: String? {
    var theirs = Configuration()
    theirs.features = FrontEnd()
    (theirs.features.window, theirs.features.edges, theirs.features.highestFrequency) = (.povey, .mirror, 7600)
    (theirs.features.scale, theirs.features.meanRemoval) = (extractor.frontEnd.scale, extractor.frontEnd.meanRemoval)
    let fixed = theirs.encoderMetadata.filter { $0.key.hasPrefix("features.") }
    let other = fixed.sorted { $0.key < $1.key }.compactMap { key, value in
      settings[key].flatMap { $0 == value ? nil : "\(key) \($0), there \(value)" }
    }
    if other.isEmpty { return nil }
    return
      "sherpa-onnx would compute other features than this encoder was trained with (\(other.joined(separator: "; "))): "
      + "give the graph features of the encoder's own settings, or train with sherpa-onnx's"
  }
}
