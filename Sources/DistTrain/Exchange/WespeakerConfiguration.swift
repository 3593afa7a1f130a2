/// wespeaker's `config.yaml` of an encoder, by which its tools make the network and the features.
package struct WespeakerConfiguration: Sendable {
  /// The file.
  package let text: String
  /// Lines about features that wespeaker would compute otherwise.
  package let remarks: [String]

  /// - Parameters:
  ///   - path: by which a refusal names the encoder.
  ///   - version: svdist's own.
  /// - Throws: `Failure(.usage)` for an encoder that wespeaker does not have.
  package init(_ configuration: Configuration, of path: String, version: String) throws {
    let model: WespeakerModel
    do {
      model = try WespeakerModel(configuration)
    } catch {
      throw Failure(.usage, "\(path): wespeaker does not have this encoder: \(error.what): \(error.remedy)")
    }
    let features = configuration.features
    text =
      "# An encoder of svdist \(version)'s: wespeaker.load_model(FOLDER) reads it.\n"
      + "model: \(model.name)\nmodel_args:\n" + Self.lines(model.arguments, indent: 2)
      + "dataset_args:\n  resample_rate: \(FrontEnd.sampleRate)\n" + Self.words(of: features)
      + OwnSettings.text(of: configuration)
    remarks =
      [Self.others(features)].compactMap(\.self)
      + Self.usage(features, reads: model.name.begins(with: "ReDimNet2") ? .tfmel : .kaldi)
  }

  private static func lines(_ pairs: [(name: String, value: String)], indent: Int) -> String {
    pairs.map { String(repeating: " ", count: indent) + "\($0.name): \($0.value)\n" }.joined()
  }

  /// The front end in wespeaker's words.
  private static func words(of features: FrontEnd) -> String {
    switch features.type {
    case .kaldi, .speechbrain:
      let removes = "\(features.meanRemoval == .utterance)"
      return "  frontend: fbank\n  fbank_args:\n"
        + lines(
          [
            ("num_mel_bins", "\(features.bins)"), ("frame_length", features.frameLength.yaml),
            ("frame_shift", features.frameShift.yaml), ("dither", "0.0"),
          ], indent: 4) + "  cmvn: \(removes)\n  cmvn_args:\n    norm_mean: \(removes)\n    norm_var: false\n"
    case .tfmel:
      return "  frontend: tfmel\n  tfmel_args:\n"
        + lines(
          [
            ("n_mels", "\(features.bins)"), ("f_min", features.lowestFrequency.yaml),
            ("f_max", features.highestFrequency.yaml), ("win_length", "\(features.length)"),
            ("hop_length", "\(features.shift)"), ("norm_signal", "true"), ("do_preemph", "true"), ("eps", "1.0e-8"),
          ], indent: 4)
    }
  }

  /// A line about settings that `config.yaml` has no words for; nil where wespeaker's are the encoder's own.
  private static func others(_ features: FrontEnd) -> String? {
    var theirs = FrontEnd(kind(features))
    (theirs.bins, theirs.frameLength, theirs.frameShift) = (features.bins, features.frameLength, features.frameShift)
    theirs.meanRemoval = features.meanRemoval
    if features.type == .tfmel {
      (theirs.lowestFrequency, theirs.highestFrequency) = (features.lowestFrequency, features.highestFrequency)
    }
    let others = features.differences(from: theirs)
    if others.isEmpty { return nil }
    let calls = [
      features.window == .povey ? "set_window_type(\"povey\")" : nil,
      features.type == .kaldi && features.scale == .unit ? "set_wavform_norm(True)" : nil,
    ].compactMap(\.self)
    return "wespeaker would compute other features than this encoder was trained with, and so other scores "
      + "(\(others.joined(separator: "; "))): config.yaml has no words for these settings"
      + (calls.isEmpty ? "" : "; of wespeaker's Speaker, \(calls.joined(separator: " and ")) set what they name")
  }

  /// The front end of wespeaker's that is taken for the encoder's own.
  private static func kind(_ features: FrontEnd) -> FrontEnd.Kind { features.type == .tfmel ? .tfmel : .kaldi }

  /// Lines about what wespeaker does whatever `config.yaml` says.
  /// - Parameter kind: the front end whose features the class takes as it gives them.
  private static func usage(_ features: FrontEnd, reads kind: FrontEnd.Kind) -> [String] {
    var lines: [String] = []
    if self.kind(features) != kind {
      let (given, taken) = kind == .tfmel ? ("[B, T, F]", "[B, F, T]") : ("[B, F, T]", "[B, T, F]")
      lines.append(
        "wespeaker's own front end gives features as \(given), and this network takes them as \(taken): transpose them")
    }
    guard features.type == .kaldi else { return lines }
    let usual = FrontEnd()
    let isUsual =
      (features.bins, features.frameLength, features.frameShift) == (usual.bins, usual.frameLength, usual.frameShift)
    if !isUsual || features.meanRemoval != usual.meanRemoval {
      lines.append(
        "wespeaker's command line and Speaker compute 80 bins of 25 ms every 10 ms and remove their mean, whatever "
          + "config.yaml says; its recipes read it")
    }
    return lines
  }
}
