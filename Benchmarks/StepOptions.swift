import ArgumentParser
import DistTrain

/// The training step that is measured.
struct StepOptions: ParsableArguments {
  enum Gradients: String, CaseIterable, ExpressibleByArgument {
    /// One backward pass, weighted in embedding space.
    case one
    /// Both objectives' gradients of all parameters.
    case both
  }

  @Option(help: "The encoder's type, as in a configuration, with its default sizes.")
  var encoder = "ecapa-tdnn"
  @Option(help: "Width of ECAPA-TDNN's convolutions.")
  var channels = 512
  @Option(help: "ECAPA-TDNN's layout, wespeaker or speechbrain.")
  var layout = "wespeaker"
  @Option(help: "fp32 or bf16.")
  var precision = "fp32"
  @Option(help: "Gradients that travel through the encoder: one, or both objectives'.")
  var gradients = Gradients.one
  @Option(help: "Threads of a rank.")
  var threads = 1
  @Option(help: "Rows of the global batch.")
  var rows = 64
  @Option(help: "Frames of a row.")
  var frames = 200
  @Option(help: "Speakers of the classifier.")
  var speakers = 1211
  @Flag(help: "Share the speakers' prototypes out over ranks.")
  var sharded = false
  @Option(help: "Share of other speakers that a step draws to compare with, of prototypes that are shared out.")
  var sampling = 1.0
  @Option(help: "Steps that count.")
  var steps = 5
  @Option(help: "Steps before them.")
  var warmUp = 2

  func validate() throws {
    guard rows > 0, rows % 2 == 0 else { throw ValidationError("--rows is even: two of each speaker") }
    guard steps > 0, warmUp > 0, threads > 0 else {
      throw ValidationError("--steps, --warm-up and --threads are at least 1")
    }
  }

  /// - Parameter more: settings beside those of the options.
  func configuration(_ more: [String] = []) throws -> Configuration {
    try Configuration.load(
      file: nil,
      overrides: [
        encoder == "ecapa-tdnn"
          ? "encoder={channels: \(channels), layout: \(layout)}" : "encoder={type: \(encoder)}",
        // As many as wespeaker's class of the encoder takes.
        "features.bins=\(["redimnet2": 72, "redimnet": 60][encoder] ?? 80)", "training.precision=\(precision)",
        "classification={sharded: \(sharded), sampling: \(sampling)}",
        "weighting.space=\(gradients == .one ? "representation" : "parameters")", "batch.speakers=\(rows / 2)",
        "batch.views=1", "views.augmented=[false]", "training.steps=100000", "optimizer.type=adam",
        // One sample a hop, and a frame's overhang.
        "crop.seconds=\(Double(FrontEnd().samples(frames: frames)) / 16_000)",
      ] + more)
  }
}
