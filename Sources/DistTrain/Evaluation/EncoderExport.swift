import Foundation

/// The forms in which an encoder leaves svdist: files, and folders as other toolkits have them.
package enum EncoderExport: String, CaseIterable, Sendable {
  /// A graph that runtimes of ONNX compute, with the metadata by which sherpa-onnx knows speaker embeddings.
  case onnx
  /// The tensors under wespeaker's or SpeechBrain's names, and the settings as metadata.
  case safetensors
  /// A folder that wespeaker opens.
  case wespeaker
  /// A folder that SpeechBrain opens.
  case speechbrain
  /// A folder for a model hub: a model card, the settings, and both files.
  case huggingface

  /// What a graph takes.
  package enum GraphInput: Sendable {
    /// The features of svdist's front end.
    case features
    /// Waveforms: the front end is part of the graph.
    case waveforms
  }

  /// What goes with an encoder.
  package struct Words: Sendable {
    /// The language of the speakers, which sherpa-onnx wants to be told.
    let language: String
    /// svdist's own version.
    let version: String
    /// What is known of the encoder's training.
    let record: TrainingRecord
    /// The comparison of its embeddings with those of what is exported; nil where there was none.
    package var check: ExportCheck.Result?

    package init(language: String, version: String, record: TrainingRecord = TrainingRecord()) {
      (self.language, self.version, self.record) = (language, version, record)
    }
  }

  /// Whether the form is a folder.
  var isFolder: Bool { ![.onnx, .safetensors].contains(self) }

  /// The form: the one that is named, or that of a file's suffix.
  /// - Throws: `Failure(.usage)` where neither says it.
  package init(named: String?, path: String) throws {
    let names = Self.allCases.map(\.rawValue)
    let known = names.dropLast().joined(separator: ", ") + " or \(names[names.count - 1])"
    if let named {
      guard let form = Self(rawValue: named) else { throw Failure(.usage, "--format \(named): \(known) is expected") }
      self = form
      return
    }
    guard let form = Self(rawValue: (path as NSString).pathExtension), !form.isFolder else {
      throw Failure(.usage, "\(path): its suffix names no form of an encoder: name it by --format, \(known)")
    }
    self = form
  }

  /// Checks, before the encoder is read, that it can be written to a path.
  /// - Throws: `Failure(.usage)` where there is no folder for it, or something else than such an encoder is there. A
  ///   folder is written only where there is nothing, or an empty one.
  package func check(_ path: String) throws {
    switch self {
    case .onnx:
      try AtomicFile.check([path], for: "ONNX model") { ONNXFile.isModel(beginningWith: $0.beginning(3)) }
    case .safetensors:
      try AtomicFile.check([path], for: "encoder") {
        // A checkpoint is a run's: with another encoder in it, the run would have lost it.
        !Checkpoint.isEncoder($0.path) && (try? SafetensorsFile(path: $0.path))?.metadata["encoder.type"] != nil
      }
    case .wespeaker, .speechbrain, .huggingface:
      if path.isEmpty { throw Failure(.usage, "the name of the folder for the encoder is empty: give one") }
      _ = try WholeFolder.check(path, replacing: nil, remedy: Self.remedy)
    }
  }

  static let remedy = "choose another --output, or empty it"

  /// Writes an encoder to a file or a folder, which appears whole or not at all.
  /// - Parameter input: what the graph of `onnx` takes.
  /// - Returns: lines about what the receiver computes otherwise.
  /// - Throws: `Failure(.usage)` where the form does not hold such an encoder.
  package func write(
    _ encoder: TrainedEncoder, _ words: Words, input: GraphInput = .features, to path: String
  ) throws -> [String] {
    switch self {
    case .onnx:
      try encoder.writeGraph(words, input, to: path)
      return input == .features ? [encoder.sherpaRemark].compactMap(\.self) : []
    case .safetensors:
      let metadata = encoder.settings.merging(words.check?.metadata ?? [:]) { own, _ in own }
      try SafetensorsFile.write(encoder.extractor.tensors, metadata: metadata, to: path)
      return []
    case .wespeaker: return try encoder.writeWespeaker(words, to: path)
    case .speechbrain: return try encoder.writeSpeechBrain(words, to: path)
    case .huggingface: return try encoder.writeHub(words, to: path)
    }
  }
}

extension EmbeddingExtractor {
  /// The encoder as a graph.
  /// - Parameter path: by which a refusal names the encoder.
  /// - Throws: `Failure(.usage)` where an encoder of its type cannot say itself as a graph.
  package func graph(of path: String, _ input: EncoderExport.GraphInput = .features) throws -> ONNXGraph {
    guard let encoder = encoder as? any GraphEncoder else {
      throw Failure(.usage, "\(path): there is no ONNX graph of this type of encoder: take --format safetensors")
    }
    return switch input {
    case .features: encoder.graph(parameters: parameters, statistics: statistics)
    case .waveforms: encoder.graph(behind: frontEnd, parameters: parameters, statistics: statistics)
    }
  }

  /// The encoder's parameters and running statistics.
  var tensors: [NamedTensor] { encoder.layout.tensors(parameters, statistics) }
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
