import ArgumentParser
import DistTrain

/// `svdist export`: an encoder in a file for other programs.
struct ExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Writes an encoder for other programs.",
    discussion: """
      An .onnx file has the encoder as a graph from feats [B, T, F], the features of B utterances of T frames, to embs \
      [B, D], their embeddings before length normalisation; B and T may be any number. The mean over the frames is to be \
      removed from each bin before, unless features.meanRemoval is none. onnxruntime 1.17 and later compute it, and its \
      metadata is what sherpa-onnx reads of a model.

      A .safetensors file has the encoder's tensors under the names of the toolkit whose structure it has, wespeaker or \
      SpeechBrain, without the classifier, and is an encoder for every command of svdist.
      """)

  @Argument(help: "A run folder, a checkpoint or its model.safetensors.")
  var encoder: String

  @Option(
    help: ArgumentHelp("The form of the file; that of its suffix where it is not given.", valueName: "onnx|safetensors")
  )
  var format: String?

  @Option(name: .shortAndLong, help: ArgumentHelp("The file to write.", valueName: "file"))
  var output: String

  @Option(help: ArgumentHelp("What an .onnx file says of the speakers' language.", valueName: "name"))
  var language = "unknown"

  func validate() throws {
    // sherpa-onnx refuses a model whose metadata has it empty.
    if language.isEmpty { throw ValidationError("--language: empty: name one, or leave it out") }
  }

  func run() throws {
    let form = try EncoderExport(named: format, path: output)
    let file = try Embedding.file(of: encoder)
    var inputs = InputPaths()
    inputs.add(file, "export")
    try inputs.refuse(output, as: "--output")
    try form.check(output)
    let trained = try TrainedEncoder(file)
    try form.write(trained, language: language, version: SvdistCommand.version, to: output)
    if form == .onnx, let remark = trained.sherpaRemark { StandardError.say("note: \(remark)") }
    print("\(trained.words) in \(output)")
  }
}
