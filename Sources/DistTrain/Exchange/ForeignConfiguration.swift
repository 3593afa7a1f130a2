import Yams

/// What the configuration beside another toolkit's weights says of the encoder and its features.
struct ForeignConfiguration: Sendable {
  let path: String
  let toolkit: Toolkit
  /// The number of bins of the features.
  var bins: Int?
  /// The dimensions of an embedding.
  private(set) var embedding: Int?
  /// The statistics over time, in wespeaker's words, such as `TSTP`.
  private(set) var pooling: String?
  /// The settings of the front end, over those of the toolkit.
  var frontEnd: [String: String] = [:]
  /// svdist's own settings in it, which say all of the encoder and its features; nil where it has none.
  private(set) var own: Configuration?
  /// What svdist has no settings for, a line each.
  var notes: [String] = []

  /// The names under which toolkits keep it.
  static let names = ["config.yaml", "hyperparams.yaml", "configuration.json"]
  private static let largest = 1 << 20

  /// Reads a toolkit's file.
  /// - Returns: nil for a file that is none of a toolkit's which is known.
  /// - Throws: `Failure(.badData)` for one that asks for what svdist does not have.
  init?(path: String) throws {
    guard let root = try Self.root(of: path) else { return nil }
    self.path = path
    own = try OwnSettings.read(root, path: path)
    if let model = root["model"], model["_target_"]?.string?.contains("WeSpeaker") == true {
      toolkit = .pyannote
      try read(model, in: "model", as: Self.kaldi)
    } else if root["model"]?.scalar != nil, let model = root["model_args"] {
      toolkit = .wespeaker
      (bins, embedding, pooling) = (model["feat_dim"]?.int, model["embed_dim"]?.int, model["pooling_func"]?.string)
      if let data = root["dataset_args"] { try readWespeaker(data) }
    } else if root["embedding_model"]?["obj"]?.string?.contains("speakerlab") == true {
      toolkit = .speaker3D
      (bins, embedding) = (root["fbank_dim"]?.int, root["embedding_size"]?.int)
    } else if let model = root["model"]?["model_config"], root["model"]?["type"]?.string?.hasSuffix("-sv") == true {
      toolkit = .speaker3D
      (bins, embedding) = (model["fbank_dim"]?.int, model["emb_size"]?.int)
      try check(rate: model["sample_rate"]?.float)
    } else if root["embedding_model"] != nil, root["compute_features"] != nil {
      toolkit = .speechbrain
      (bins, embedding) = (root["n_mels"]?.int, root["embedding_model"]?["lin_neurons"]?.int)
      try check(rate: root["sample_rate"]?.float)
      try readSpeechBrain(root)
    } else {
      return nil
    }
  }

  /// Reads the metadata that sherpa-onnx's models have.
  /// - Parameter path: the file that has them.
  /// - Returns: nil for those of no toolkit that is known.
  /// - Throws: `Failure(.badData)` for an encoder of another sampling rate.
  init?(_ metadata: [String: String], of path: String) throws {
    guard let toolkit = metadata["framework"].flatMap({ Toolkit(rawValue: $0) }) else { return nil }
    (self.path, self.toolkit) = ("\(path) (its metadata)", toolkit)
    embedding = metadata["output_dim"].flatMap { Int($0) }
    switch metadata["normalize_samples"] {
    case "0": frontEnd["features.scale"] = "int16"
    case "1": frontEnd["features.scale"] = "unit"
    default: break
    }
    if let kind = metadata["feature_normalize_type"], !["", "global-mean"].contains(kind) {
      notes.append("\(self.path): feature_normalize_type \(kind) has no setting here, and is left out")
    }
    try check(rate: metadata["sample_rate"].flatMap { Double($0) })
  }

  /// The file's value; nil where it holds none.
  /// - Throws: `Failure(.badData)` for what is no YAML: what it says of the encoder would be lost.
  private static func root(of path: String) throws -> Node? {
    func unread(_ what: String) -> Failure {
      Failure(.badData, "\(path): \(what): mend it, or rename it where it is not about this encoder")
    }
    var bytes = try InputFile(path: path).beginning(largest + 1)[...]
    guard bytes.count <= largest else { throw unread("has more than 1 MiB, which no toolkit's configuration has") }
    if bytes.starts(with: LineReader.byteOrderMark) { bytes = bytes.dropFirst(LineReader.byteOrderMark.count) }
    guard let text = String(validating: bytes, as: UTF8.self) else { throw unread("is not UTF-8") }
    // A page of aliases of aliases can stand for more values than any memory holds.
    guard YAMLAliases.firstLine(in: text, marks: [UInt8(ascii: "&")]) == nil else {
      throw Failure(.badData, "\(path): anchors (&name) are not read: write the values out, or rename the file")
    }
    do {
      return try Yams.compose(yaml: text)
    } catch {
      throw unread("is no YAML (\("\(error)".split(whereSeparator: \.isNewline).first ?? ""))")
    }
  }
}
