import ArgumentParser
import DistTrain

/// `svdist export`: an encoder in a file or folder for other programs.
struct ExportCommand: EndableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Writes an encoder for other programs.",
    discussion: """
      An .onnx file has the encoder as a graph from feats [B, T, F], the features of B utterances of T frames, to embs \
      [B, D], their embeddings before length normalisation; B and T may be any number. The mean over the frames is to be \
      removed from each bin before, unless features.meanRemoval is none. onnxruntime 1.17 and later compute it, and its \
      metadata is what sherpa-onnx reads of a model. With --waveform the graph takes wav [B, N] instead, waveforms at 16 kHz \
      within ±1 of at least one frame, and computes the features itself.

      A .safetensors file has the encoder's tensors under the names of the toolkit whose structure it has, wespeaker or \
      SpeechBrain, without the classifier, and is an encoder for every command of svdist.

      --format wespeaker writes a folder with config.yaml and avg_model.pt, which wespeaker.load_model reads, of all \
      encoders but ecapa-tdnn in SpeechBrain's layout. --format speechbrain writes one with hyperparams.yaml and \
      embedding_model.ckpt for EncoderClassifier.from_hparams, of that layout alone. With features.type \
      speechbrain its features are those of svdist; where they are not, a note says in what.

      --format huggingface writes a folder for a model hub: README.md with what is known of the encoder and marks where \
      its author has to fill in, config.json, model.safetensors and model.onnx.

      svdist import gives the same encoder back from each folder. Notes name settings that the receiver has no words for.

      --verify embeds utterances of a data directory by the encoder and by what is exported, and prints the least \
      cosine, which metadata and model card then tell too. A graph is computed by onnxruntime, which python3, or the \
      interpreter that SVDIST_PYTHON names, has to have; the other forms are read back by svdist. Where a cosine is less \
      than 0.99999, nothing is written; where onnxruntime cannot be had, the export is. Both end with status 1.
      """)

  @Argument(help: "A run folder, a checkpoint, or a file of svdist import or average.")
  var encoder: String

  @Option(
    help: ArgumentHelp(
      "The form of the file or folder; that of a file's suffix where it is not given.",
      valueName: EncoderExport.allCases.map(\.rawValue).joined(separator: "|"))
  )
  var format: String?

  @Option(name: .shortAndLong, help: ArgumentHelp("The file to write, or the folder, new or empty.", valueName: "path"))
  var output: String

  @Flag(help: "Let the graph of an .onnx file take waveforms, with the front end as part of it.")
  var waveform = false

  @Option(help: ArgumentHelp("The speakers' language, in an .onnx file and a model card.", valueName: "name"))
  var language = "unknown"

  @Option(
    help: ArgumentHelp("Compare embeddings of this data directory's utterances.", valueName: "folder"))
  var verify: String?

  @Option(
    help: ArgumentHelp(
      "The number of utterances to compare, spread over the directory (default: \(Self.usualUtterances)).",
      valueName: "count"))
  var verifyUtterances: Int?

  @OptionGroup var messages: MessageOptions

  private static let usualUtterances = 20

  func validate() throws {
    // sherpa-onnx refuses a model whose metadata has it empty.
    if language.isEmpty { throw ValidationError("--language: empty: name one, or leave it out") }
    try OptionRange.check("--verify-utterances", verifyUtterances, in: 1...100_000)
    if verifyUtterances != nil, verify == nil {
      throw ValidationError("--verify-utterances is for --verify: leave it out, or give that too")
    }
  }

  func run() throws {
    let form = try EncoderExport(named: format, path: output)
    if waveform, form != .onnx { throw Failure(.usage, "--waveform: is for --format onnx alone: leave it out") }
    let file = try Embedding.file(of: encoder, messages)
    var inputs = InputPaths()
    inputs.add(file, "export")
    inputs.add(PreparedCorpus.names, in: verify, "--verify")
    try inputs.refuse(output, as: "--output")
    try form.check(output)
    let trained = try TrainedEncoder(file)
    var words = EncoderExport.Words(
      language: language, version: SvdistCommand.version, record: TrainingRecord(ofEncoder: file))
    let outcome = try verify.map { try compare(trained, form, words, corpus: $0) }
    if case .agrees(let result) = outcome { words.check = result }
    for remark in try form.write(trained, words, input: input, to: output) {
      messages.note(remark)
    }
    print("\(trained.words) in \(output)")
    switch outcome {
    case .agrees(let result): print("verified: \(result.words)".shown)
    case .notCompared(let reason):
      throw Failure(
        .failed,
        "\(output): is written, but not verified: \(reason): install onnxruntime for python3, or name an interpreter "
          + "that has it in SVDIST_PYTHON")
    case nil: break
    }
  }

  private var input: EncoderExport.GraphInput { waveform ? .waveforms : .features }

  /// Compares embeddings before anything is written.
  private func compare(
    _ trained: TrainedEncoder, _ form: EncoderExport, _ words: EncoderExport.Words, corpus: String
  ) throws -> ExportCheck.Outcome {
    ThreadTeam.shared.grow(to: Machine.threads(SoleCommunicator()))
    let check = try ExportCheck(trained, corpus: corpus, utterances: verifyUtterances ?? Self.usualUtterances)
    messages.note(check.note)
    do {
      return try check.run(form, words, input: input, counting: messages.counting())
    } catch let failure as Failure where failure.kind == .failed {
      throw Failure(.failed, "\(output): is not written: \(failure.message)")
    }
  }
}
