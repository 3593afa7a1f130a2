import ArgumentParser
import DistTrain

/// `svdist import`: another toolkit's encoder as svdist's.
struct ImportCommand: EndableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Makes an encoder of another toolkit one of svdist's.",
    discussion: """
      SOURCE is a file of weights (.pt, .pth, .bin, .ckpt, .safetensors or .onnx) or a folder with one: wespeaker's \
      (config.yaml, avg_model.pt), 3D-Speaker's CAM++, pyannote's (config.yaml, pytorch_model.bin) or SpeechBrain's \
      ECAPA-TDNN (hyperparams.yaml, embedding_model.ckpt), or wespeaker's or sherpa-onnx's ONNX file of the first two. \
      Architecture and sizes are found from the tensors, the front end from the configuration beside them or the \
      file's metadata. Nothing in SOURCE is run. The result is taken wherever --encoder names one.
      """)

  @Argument(help: ArgumentHelp("The file of weights, or its folder.", valueName: "source"))
  var source: String

  @Option(
    help: ArgumentHelp("The file to write svdist's encoder to, such as encoder.safetensors.", valueName: "encoder"))
  var output: String

  @Option(
    help: ArgumentHelp(
      "Whose features the encoder takes, whatever the configuration says.", valueName: "toolkit"))
  var frontEnd: Toolkit?

  @OptionGroup var messages: MessageOptions

  func run() throws {
    var inputs = InputPaths()
    inputs.add(source, "SOURCE")
    try inputs.refuse(output, as: "--output")
    try ForeignEncoder.check(output)
    let encoder: ForeignEncoder
    do {
      encoder = try ForeignEncoder(source, toolkit: frontEnd)
    } catch let failure as Failure {
      let differences = (failure.cause as? EncoderComparison)?.lines ?? []
      for line in differences { StandardError.say("note: \(line)".shown) }
      throw failure
    }
    for note in encoder.notes { messages.note(note) }
    try encoder.write(to: output, counting: messages.counting())
    print("encoder    \(encoder.kind): \(encoder.description), \(encoder.parameterCount.counted("parameter"))".shown)
    print("front end  \(encoder.frontEndDescription)".shown)
    print("written    \(output)".shown)
  }
}

extension Toolkit: ExpressibleByArgument {}
