import Foundation

/// The page that a model hub shows of an encoder (`README.md`), and its settings as JSON. It says what is known of the
/// encoder, and marks what its author has to fill in.
struct ModelCard {
  let text: String
  /// The settings of the encoder and its front end.
  let settings: String

  /// The mark of what the author has to fill in.
  private static let open = "**TO BE FILLED IN:**"

  /// - Parameter hasGraph: whether the graph goes with the encoder.
  init(of encoder: TrainedEncoder, _ words: EncoderExport.Words, hasGraph: Bool) {
    text =
      Self.frontMatter(encoder.type, words, hasGraph: hasGraph) + Self.description(encoder, words, hasGraph: hasGraph)
      + Self.features(encoder.settings) + Self.training(encoder, words.record) + Self.evaluation(words.record)
      + Self.obligations
    settings = Self.json(encoder.settings, version: words.version)
  }

  private static func frontMatter(_ type: String, _ words: EncoderExport.Words, hasGraph: Bool) -> String {
    let tags =
      ["speaker-verification", "speaker-recognition", "speaker-embedding", type] + (hasGraph ? ["onnx"] : [])
    // A hub knows languages by their codes.
    let isCode = (2...3).contains(words.language.utf8.count) && words.language.allSatisfy(\.isLowercase)
    return "---\nlibrary_name: svdist\npipeline_tag: feature-extraction\n"
      + "tags:\n\(tags.map { "- \($0)\n" }.joined())"
      + (isCode ? "language:\n- \"\(words.language)\"\n" : "")
      + (words.record.evaluation == nil ? "" : "metrics:\n- eer\n")
      + "# To be filled in, once the licences of the training data allow it: license\n---\n\n"
  }

  private static func description(_ encoder: TrainedEncoder, _ words: EncoderExport.Words, hasGraph: Bool) -> String {
    let extractor = encoder.extractor
    let own = encoder.settings.filter { $0.key.begins(with: "encoder.") }
    let (bins, dimensions) = (extractor.encoder.bins, extractor.encoder.dimensions)
    let graph = """
      `model.onnx` computes `embs` [B, \(dimensions)] of `feats` [B, T, \(bins)]: features as below, from each bin its mean over the frames removed unless `features.meanRemoval` is `none`.


      """
    return """
      # Speaker encoder: \(encoder.words)

      A network that makes an embedding of \(dimensions) numbers of an utterance. The cosine of two \
      embeddings tells whether one speaker speaks in both. It has \
      \(extractor.encoder.layout.parameters.count) parameters and was written by svdist \(words.version). `model.safetensors` is an encoder for every command of svdist
      (`svdist embed --encoder FOLDER`); `config.json` has its settings.


      """ + (hasGraph ? graph : "") + (words.check.map(comparison) ?? "") + table(own, "encoder") + "\n"
  }

  private static func comparison(_ check: ExportCheck.Result) -> String {
    "Compared when it was exported: over \(check.utterances.counted("utterance")) of `\(place(check.corpus))`, the "
      + "least cosine of an embedding with that by \(check.runtime) is \(check.cosine).\n\n"
  }

  private static func features(_ settings: [String: String]) -> String {
    """
    ## Front end

    Utterances of \(FrontEnd.sampleRate) samples a second, one channel. The network understands only these features:


    """ + table(settings.filter { $0.key.begins(with: "features.") }, "setting") + "\n"
      + (settings["features.type"] == FrontEnd.Kind.speechbrain.rawValue ? speechbrain : "")
  }

  private static let speechbrain = """
    They are those of SpeechBrain's `Fbank` with these bins, shift and frequencies, from each bin its mean over the
    frames removed (`InputNormalization` with `norm_type: sentence`, `std_norm: False`).


    """

  private static func training(_ encoder: TrainedEncoder, _ record: TrainingRecord) -> String {
    let facts = [
      record.corpus.map { "- corpus: `\(place($0))`" }, record.steps.map { "- steps: \($0)" },
    ].compactMap(\.self)
    let metadata = (try? SafetensorsFile(path: encoder.path))?.metadata ?? [:]
    let origin = metadata.filter { key, _ in key.begins(with: "average.") || key.begins(with: "imported.") }
    let known = facts + origin.sorted { $0.key < $1.key }.map { "- \($0.key): `\(place($0.value))`" }
    return "## Training data\n\n"
      + (known.isEmpty ? "" : known.joined(separator: "\n") + "\n\n")
      + "\(open) the recordings, their languages and channels, the number of speakers, and what was done to them.\n\n"
  }

  private static func evaluation(_ record: TrainingRecord) -> String {
    let lead = "## Evaluation\n\n"
    guard let result = record.evaluation else {
      return lead + "\(open) equal error rates, each with its trial list and the number of trials.\n\n"
    }
    let corpus = record.evaluationCorpus.map { " of `\(place($0))`" } ?? ""
    let rate = String(format: "%.2f", result.eer)
    return lead
      + "Equal error rate \(rate) % of \(result.trials.counted("trial"))\(corpus) (\(result.targets) of one speaker), "
      + "by cosines without normalisation of scores, of speakers held out from training.\n\n"
      + "\(open) the trial list, and results on public ones.\n\n"
  }

  /// The last two parts of a path: the rest is about somebody's computer.
  private static func place(_ path: String) -> String {
    path.split(separator: "/").suffix(2).joined(separator: "/").replacing("`", with: "'")
  }

  private static let obligations = """
    ## Intended use

    Comparing voices: verification of a claimed speaker, search for a speaker, diarisation. An embedding tells who spoke,
    and is to be kept like other data of persons. Thresholds have to be set on recordings like those of the use; errors
    differ between groups of speakers, languages and channels.

    \(open) what it was made for, and what it is not to be used for.

    ## Licence

    \(open) the licence of these files, and the licences of the training data, on which it depends.

    """

  private static func table(_ settings: [String: String], _ title: String) -> String {
    "| \(title) | value |\n|---|---|\n"
      + settings.sorted { $0.key < $1.key }.map { "| \($0.key) | \($0.value) |\n" }.joined()
  }

  /// The settings in groups, as their keys have them.
  private static func json(_ settings: [String: String], version: String) -> String {
    let groups = ["encoder", "features"].map { group -> String in
      let own = settings.filter { $0.key.begins(with: group + ".") }.sorted { $0.key < $1.key }
      let members = own.map {
        "    \(JSONText.quoted($0.key.dropping(bytes: group.utf8.count + 1))): \(value($0.value))"
      }
      return "  \(JSONText.quoted(group)): {\n\(members.joined(separator: ",\n"))\n  }"
    }
    let head = ["  \"model_type\": \"svdist\"", "  \"svdist_version\": \(JSONText.quoted(version))"]
    return "{\n\((head + groups).joined(separator: ",\n"))\n}\n"
  }

  /// A setting's value: numbers and truths are JSON as they stand.
  private static func value(_ text: String) -> String {
    Double(text) != nil || ["true", "false"].contains(text) ? text : JSONText.quoted(text)
  }
}
