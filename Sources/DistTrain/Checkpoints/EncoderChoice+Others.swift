extension EncoderChoice {
  /// The names that other toolkits give to an encoder's weights in its folder.
  private static let foreignNames = ["avg_model.pt", "embedding_model.ckpt", "pytorch_model.bin"]

  private static let importing = "make it one of svdist's with svdist import"

  /// The failure for a file that is no encoder of svdist's and whose kind is known, by its name and first bytes; nil for
  /// any other.
  static func refusal(ofFile path: String) -> Failure? {
    guard let file = try? InputFile(path: path), (try? SafetensorsFile(path: path)) == nil else { return nil }
    guard let words = words(suffix: FileSystem.suffix(of: path), beginning: file.beginning(6), path) else { return nil }
    return Failure(.badData, "\(path): \(words)")
  }

  private static func words(suffix: String, beginning: [UInt8], _ path: String) -> String? {
    let isArchive = beginning.starts(with: Array("PK".utf8))
    switch suffix {
    case "yaml", "yml": return "is a configuration, not an encoder: give \(run(of: path)) or its checkpoint"
    case "jsonl": return "is a log, not an encoder: give \(run(of: path)) or its checkpoint"
    case "onnx":
      return
        "is an ONNX graph: \(importing) \(path) --output encoder.safetensors, or give the encoder that svdist export "
        + "made it of"
    case "npz", "npy": return numbers
    default:
      if beginning.starts(with: [0x93] + Array("NUMPY".utf8)) { return numbers }
      // PyTorch's files are zip archives of pickles, and pickles before version 1.6.
      guard ["pt", "pth", "bin", "ckpt"].contains(suffix) || isArchive || beginning.starts(with: [0x80, 2]) else {
        return nil
      }
      return "is a file of another toolkit's weights: \(importing) \(path) --output encoder.safetensors"
    }
  }

  private static let numbers =
    "holds arrays of NumPy, which do not say what encoder they are of: svdist import makes one of svdist's of a .pt, .bin, "
    + ".ckpt, .safetensors or .onnx file"

  /// The words for the run folder that a file lies in.
  private static func run(of path: String) -> String {
    let folder = FileSystem.folder(of: path)
    return FileSystem.isFolder(folder + "/checkpoints") ? "the run folder \(folder)" : "the run's folder"
  }

  /// The failure for a folder that holds no encoder of svdist's.
  static func refusal(ofFolder path: String) -> Failure {
    let names = (try? FileSystem.names(in: path)) ?? []
    let words =
      if let list = ["wav.scp", "utt2spk", "shard.list"].first(where: names.contains) {
        "but a data directory (\(list)): give the encoder, a run folder, a checkpoint or a model.safetensors"
      } else if let weights = foreignNames.first(where: names.contains) {
        "but another toolkit's encoder (\(weights)): \(importing) \(path) --output encoder.safetensors"
      } else if let onnx = names.first(where: { FileSystem.suffix(of: $0) == "onnx" }) {
        "but the folder of an ONNX graph (\(onnx)): \(importing) \(path)/\(onnx) --output encoder.safetensors"
      } else if let steps = try? CheckpointStore(path: path).steps(), !steps.isEmpty {
        "but the checkpoints of a run: give the run folder \(FileSystem.folder(of: path)), or one of them"
      } else {
        "(no model.safetensors in it)"
      }
    let separator = words.begins(with: "(") ? " " : ", "
    return Failure(.badData, "\(path): neither a run folder nor a checkpoint\(separator)\(words)")
  }
}
