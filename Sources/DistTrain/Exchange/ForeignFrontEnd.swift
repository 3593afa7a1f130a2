/// The front end of another toolkit's encoder, as far as svdist's settings can say it.
struct ForeignFrontEnd: Sendable {
  /// The arguments that set it, but for the number of bins.
  let overrides: [String]
  /// The number of bins that a configuration names; nil without one.
  let bins: Int?
  /// By what the weights that read the features are multiplied.
  let factor: Float
  /// Lines about what is assumed and what has no setting.
  let notes: [String]

  /// - Parameter toolkit: the one that the user names; nil where the configuration or the kind of encoder decides.
  init(
    _ family: EncoderFamily, _ tensors: ForeignTensors, _ configuration: ForeignConfiguration?, toolkit: Toolkit?
  ) {
    let usual = Self.usualToolkit(family, tensors)
    let chosen = toolkit ?? configuration?.toolkit ?? usual
    var settings = chosen.frontEnd
    if chosen == .wespeaker, family.mark == EncoderFamily.reDimNet2.mark, configuration == nil {
      settings["features.type"] = "tfmel"
    }
    // What a configuration says of another toolkit's features is none of the chosen one's.
    let own = configuration.flatMap { $0.toolkit == chosen ? $0 : nil }
    settings.merge(own?.frontEnd ?? [:]) { $1 }
    // Kaldi's filter bank has settings that the others have not.
    if settings["features.type"] != nil { settings["features.dither"] = nil }
    overrides = settings.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    bins = configuration?.bins
    factor = 1
    var notes = configuration?.notes ?? []
    if let configuration {
      notes.append("\(configuration.path) was read, \(configuration.toolkit.rawValue)'s configuration")
    }
    if toolkit == nil, configuration == nil {
      notes.append(
        "no configuration beside the file says what features the encoder has: those of \(usual.rawValue) are assumed; "
          + "--front-end names others")
    }
    self.notes = notes
  }

  /// That of an encoder which svdist wrote, whose own settings say the rest.
  init(own note: String, factor: Float) { (overrides, bins, self.factor, notes) = ([], nil, factor, [note]) }

  /// The toolkit that an encoder of a kind comes from, as a rule. CAM++ without what wespeaker's files
  /// have besides it is 3D-Speaker's.
  private static func usualToolkit(_ family: EncoderFamily, _ tensors: ForeignTensors) -> Toolkit {
    switch family.mark {
    case EncoderFamily.speechbrainECAPA.mark: .speechbrain
    case EncoderFamily.campplus.mark where !tensors.isWespeakers: .speaker3D
    default: .wespeaker
    }
  }
}
