/// The class of wespeaker's that has an encoder's structure and names, and the arguments by which it is the same one
/// (wespeaker's `models/speaker_model.py` and the modules that it names).
struct WespeakerModel: Sendable {
  /// The reason why wespeaker has no such encoder.
  struct Absent: Error {
    let what: String
    /// The form in which the encoder can leave.
    var remedy = "take --format safetensors"
  }

  let name: String
  /// The arguments in their order, as YAML.
  let arguments: [(name: String, value: String)]

  /// - Throws: `Absent`.
  init(_ configuration: Configuration) throws(Absent) {
    (name, arguments) = try Self.find(EncoderWords(configuration))
  }

  private static func find(_ settings: EncoderWords) throws(Absent) -> Class {
    switch settings["type"] {
    case "ecapa-tdnn": try ecapa(settings)
    case "resnet": try resNet(settings)
    case "campplus": try campplus(settings)
    case "x-vector": try xVector(settings)
    case "redimnet": ("ReDimNet\(settings["size"].uppercased())", settings.usual + [("pooling_func", "ASTP")])
    case "redimnet2": reDimNet2(settings)
    default: throw Absent(what: "it has no encoder of the type \(settings["type"])")
    }
  }

  private typealias Class = (name: String, arguments: [(name: String, value: String)])

  private static func ecapa(_ settings: EncoderWords) throws(Absent) -> Class {
    guard settings["layout"] == "wespeaker" else {
      throw Absent(what: "its ECAPA-TDNN is not in SpeechBrain's layout", remedy: "take --format speechbrain")
    }
    try settings.require("aggregation", ["1536"], of: "ECAPA-TDNN")
    return (
      "ECAPA_TDNN",
      [("channels", settings["channels"])] + settings.usual + [
        ("pooling_func", settings.pooling), ("global_context_att", settings["globalContext"]), ("emb_bn", "false"),
      ]
    )
  }

  private static func resNet(_ settings: EncoderWords) throws(Absent) -> Class {
    try settings.requireWholeHeights(of: "ResNet")
    if settings["gate"] == "simam" {
      try settings.require("depth", ["34", "100"], of: "SimAM-ResNet")
      try settings.require("pooling", ["asp"], of: "SimAM-ResNet")
      try settings.require("twoLayers", ["false"], of: "SimAM-ResNet")
      return (
        "SimAM_ResNet\(settings["depth"])_ASP",
        [
          ("in_planes", settings["channels"]), ("embed_dim", settings["embedding"]), ("acoustic_dim", settings.bins),
        ]
      )
    }
    try settings.require("depth", ["18", "34", "50", "101", "152", "221", "293"], of: "ResNet")
    try settings.require("channels", ["32"], of: "ResNet")
    try settings.require("pooling", ["tstp", "astp", "xi"], of: "ResNet")
    return (
      "ResNet\(settings["depth"])",
      settings.usual + [("pooling_func", settings.pooling), ("two_emb_layer", settings["twoLayers"])]
    )
  }

  private static func campplus(_ settings: EncoderWords) throws(Absent) -> Class {
    try settings.requireWholeHeights(of: "CAM++")
    let own = [
      ("growth_rate", settings["growth"]), ("bn_size", settings["bottleneck"]), ("init_channels", settings["channels"]),
    ]
    return ("CAMPPlus", settings.usual + [("pooling_func", "TSTP")] + own)
  }

  private static func xVector(_ settings: EncoderWords) throws(Absent) -> Class {
    try settings.require("pooling", ["tstp", "astp", "xi"], of: "x-vector")
    let own = [("hid_dim", settings["channels"]), ("stats_dim", settings["statistics"])]
    return ("XVEC", settings.usual + own + [("pooling_func", settings.pooling)])
  }

  private static func reDimNet2(_ settings: EncoderWords) -> Class {
    // Only the sizes that pool a map over frequency and time have it said, B6 by itself.
    let map = settings["size"] == "b0" ? [("return_2d_output", "true")] : []
    return ("ReDimNet2\(settings["size"].uppercased())", settings.usual + [("pooling_func", "ASTP")] + map)
  }
}

/// The settings of an encoder as texts.
private struct EncoderWords {
  private let settings: [String: String]
  /// The number of bins.
  private let height: Int

  init(_ configuration: Configuration) {
    (settings, height) = (configuration.encoderMetadata, configuration.features.bins)
  }

  subscript(key: String) -> String { settings["encoder.\(key)"] ?? "" }
  var bins: String { "\(height)" }
  var pooling: String { self["pooling"].uppercased() }
  /// What nearly all of wespeaker's classes take.
  var usual: [(name: String, value: String)] { [("feat_dim", bins), ("embed_dim", self["embedding"])] }

  func require(_ key: String, _ values: [String], of words: String) throws(WespeakerModel.Absent) {
    if values.contains(self[key]) { return }
    throw WespeakerModel.Absent(
      what: "encoder.\(key) is \(self[key]), its \(words) has \(values.joined(separator: ", ")) alone")
  }

  /// wespeaker counts the rows of the last map of frequencies by the bins divided by 8, rounded down.
  func requireWholeHeights(of words: String) throws(WespeakerModel.Absent) {
    if height % 8 == 0 { return }
    throw WespeakerModel.Absent(what: "features.bins is \(bins), those of its \(words) are a multiple of 8")
  }
}
