import Yams

/// What the arguments of another toolkit's filter bank mean here.
extension ForeignConfiguration {
  /// What a value of an argument says.
  enum Meaning: Sendable {
    /// The number of bins.
    case bins
    /// A setting of the front end, in the same unit.
    case setting(String)
    /// A setting of the front end that has milliseconds for samples.
    case samples(String)
    /// The sampling rate.
    case rate
    /// What svdist always does where it is this value.
    case always(String)
    /// Nothing that an encoder which is scored sees.
    case nothing
  }

  /// Those of Kaldi's filter bank, as wespeaker and pyannote call them.
  static let kaldi: [String: Meaning] = [
    "num_mel_bins": .bins, "frame_length": .setting("frameLength"), "frame_shift": .setting("frameShift"),
    "dither": .setting("dither"), "window_type": .setting("window"), "low_freq": .setting("lowestFrequency"),
    "high_freq": .setting("highestFrequency"), "sample_rate": .rate, "use_energy": .always("false"),
    "num_channels": .always("1"), "_target_": .nothing,
  ]
  /// Those of wespeaker's `TFMelFrontend`.
  static let tfmel: [String: Meaning] = [
    "n_mels": .bins, "f_min": .setting("lowestFrequency"), "f_max": .setting("highestFrequency"),
    "win_length": .samples("frameLength"), "hop_length": .samples("frameShift"), "sample_rate": .rate,
    "n_fft": .always("512"), "norm_signal": .always("true"), "do_preemph": .always("true"), "eps": .always("1e-8"),
    "do_spec_aug": .nothing, "freq_mask_width": .nothing, "time_mask_width": .nothing,
  ]

  /// Those of SpeechBrain's `Fbank`.
  static let speechbrain: [String: Meaning] = [
    "n_mels": .bins, "f_min": .setting("lowestFrequency"), "f_max": .setting("highestFrequency"),
    "hop_length": .setting("frameShift"), "sample_rate": .rate, "win_length": .always("25"), "n_fft": .always("400"),
    "deltas": .always("false"), "context": .always("false"), "filter_shape": .always("triangular"),
    "left_frames": .nothing, "right_frames": .nothing, "requires_grad": .nothing, "param_change_factor": .nothing,
    "param_rand_factor": .nothing,
  ]
  /// Those of SpeechBrain's `InputNormalization`.
  static let sentenceMean: [String: Meaning] = [
    "norm_type": .always("sentence"), "std_norm": .always("false"), "mean_norm": .always("true"),
    "avoid_padding_norm": .nothing, "update_until_epoch": .nothing, "epsilon": .nothing, "length_dim": .nothing,
  ]

  /// Reads SpeechBrain's `compute_features` and `mean_var_norm`.
  mutating func readSpeechBrain(_ root: Node) throws {
    try read(Self.arguments("compute_features", of: root), in: "compute_features", as: Self.speechbrain)
    guard root["mean_var_norm"] != nil else { return }
    // What the class does unless it is told.
    let usual = ["norm_type": "global", "std_norm": "True"]
    try read(Self.arguments("mean_var_norm", of: root, usual), in: "mean_var_norm", as: Self.sentenceMean)
  }

  /// The arguments of an object of SpeechBrain's, with what references such as `!ref <n_mels>` are to.
  /// - Parameter usual: those that it has where they are not given.
  private static func arguments(_ name: String, of root: Node, _ usual: [String: String] = [:]) -> Node {
    var values = usual.mapValues { Node($0) }
    for (key, value) in root[name]?.mapping ?? [:] {
      guard let key = key.string else { continue }
      values[key] = value
      if let text = value.scalar?.string, text.hasPrefix("<"), text.hasSuffix(">") {
        values[key] = root[String(text.dropFirst().dropLast())] ?? value
      }
    }
    return Node(values.sorted { $0.key < $1.key }.map { (Node($0.key), $0.value) })
  }

  /// Reads wespeaker's `dataset_args`.
  mutating func readWespeaker(_ data: Node) throws {
    try check(rate: data["resample_rate"]?.float)
    let kind = data["frontend"]?.string ?? "fbank"
    switch kind {
    case "fbank":
      if let features = data["fbank_args"] { try read(features, in: "fbank_args", as: Self.kaldi) }
      readMean(data)
    case "tfmel":
      frontEnd["features.type"] = "tfmel"
      if let features = data["tfmel_args"] { try read(features, in: "tfmel_args", as: Self.tfmel) }
      if data["tfmel_args"]?["norm_signal"] == nil {
        notes.append("\(path): without tfmel_args.norm_signal samples are not scaled to deviation 1, as they are here")
      }
    default:
      throw Failure(.badData, "\(path): dataset_args.frontend is \(kind), which svdist does not have")
    }
  }

  private mutating func readMean(_ data: Node) {
    let arguments = data["cmvn_args"]
    if data["cmvn"]?.bool == false || arguments?["norm_mean"]?.bool == false {
      frontEnd["features.meanRemoval"] = "none"
    }
    if arguments?["norm_var"]?.bool == true {
      notes.append("\(path): cmvn_args.norm_var divides features by their deviation, which is not done here")
    }
  }

  /// Reads a group of arguments.
  /// - Parameter name: the group's name, for messages.
  mutating func read(_ group: Node, in name: String, as meanings: [String: Meaning]) throws {
    for (key, value) in group.mapping ?? [:] {
      guard let key = key.string, !value.isNull else { continue }
      switch meanings[key] {
      case .bins: bins = value.int ?? bins
      case .setting(let setting): frontEnd["features.\(setting)"] = Self.text(of: value, for: setting)
      case .samples(let setting):
        if let samples = value.int {
          frontEnd["features.\(setting)"] = "\(Double(samples) * 1000 / Double(FrontEnd.sampleRate))"
        }
      case .rate: try check(rate: value.float)
      case .always(let text):
        guard value.string?.lowercased() != text, value.float == nil || value.float != Double(text) else { continue }
        notes.append("\(path): \(name).\(key) is \(value.summary), here it is always \(text): features differ")
      case .nothing: break
      case nil: notes.append("\(path): \(name).\(key) (\(value.summary)) has no setting here, and is left out")
      }
    }
  }

  private static func text(of value: Node, for setting: String) -> String {
    // Kaldi counts a highest frequency of 0 or below from half the sampling rate on.
    if setting == "highestFrequency", let frequency = value.float, frequency <= 0 {
      return "\(Double(FrontEnd.sampleRate) / 2 + frequency)"
    }
    let text = value.string ?? value.summary
    return text == "hanning" ? "hann" : text
  }

  func check(rate: Double?) throws {
    guard let rate, rate != Double(FrontEnd.sampleRate) else { return }
    throw Failure(.badData, "\(path): its encoder hears \(rate) Hz, svdist's hear \(FrontEnd.sampleRate) Hz")
  }
}
