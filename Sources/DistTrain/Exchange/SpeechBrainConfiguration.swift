/// SpeechBrain's `hyperparams.yaml` of an encoder in its layout, from which `EncoderClassifier.from_hparams` makes the
/// network and the features.
package struct SpeechBrainConfiguration: Sendable {
  /// The file.
  package let text: String
  /// A line about features that SpeechBrain computes otherwise; nil where they are the encoder's own.
  package let remark: String?
  /// The weights that read the features, and by what they are divided.
  package let entry: (name: String, factor: Float)

  /// The points of the spectra that SpeechBrain's recipes compute.
  private static let usualPoints = 400

  /// The multiple of an encoder's own features that SpeechBrain's are: they are decibels.
  static func factor(_ features: FrontEnd) -> Float { features.type == .speechbrain ? 1 : Decibels.perLogarithm }

  /// - Parameters:
  ///   - path: by which a refusal names the encoder.
  ///   - isTheirs: whether an encoder with another front end than SpeechBrain's came from there, and was trained with
  ///     its spectra. Those of any other one have as many points as svdist's.
  ///   - version: svdist's own.
  /// - Throws: `Failure(.usage)` for an encoder in another layout.
  package init(_ configuration: Configuration, of path: String, isTheirs: Bool, version: String) throws {
    let settings = configuration.encoderMetadata
    guard settings["encoder.layout"] == "speechbrain", let channels = settings["encoder.channels"],
      let aggregation = settings["encoder.aggregation"], let isGlobal = settings["encoder.globalContext"]
    else {
      throw Failure(
        .usage,
        "\(path): SpeechBrain does not have this encoder: only encoder.layout speechbrain is its own: take --format "
          + "wespeaker or safetensors")
    }
    let widths = Array(repeating: channels, count: 4) + [aggregation]
    text =
      "# An encoder of svdist \(version)'s: speechbrain.inference.speaker.EncoderClassifier.from_hparams(FOLDER) and\n"
      + "# SpeakerRecognition.from_hparams(FOLDER) open it. There is no classifier: use encode_batch and verify_batch.\n"
      + Self.features(configuration.features, isTheirs: isTheirs)
        + """
        embedding_model: !new:speechbrain.lobes.models.ECAPA_TDNN.ECAPA_TDNN
            input_size: !ref <n_mels>
            channels: [\(widths.joined(separator: ", "))]
            kernel_sizes: [5, 3, 3, 3, 1]
            dilations: [1, 2, 3, 4, 1]
            attention_channels: 128
            lin_neurons: \(configuration.encoder.embedding)
            global_context: \(isGlobal)

        """ + Self.rest + OwnSettings.text(of: configuration)
    entry = (EncoderFamily.speechbrainECAPA.entry, Self.factor(configuration.features))
    remark = Self.remark(configuration.features, isTheirs: isTheirs)
  }

  private static func features(_ features: FrontEnd, isTheirs: Bool) -> String {
    """
    sample_rate: \(FrontEnd.sampleRate)
    n_mels: \(features.bins)
    compute_features: !new:speechbrain.lobes.features.Fbank
        sample_rate: !ref <sample_rate>
        n_mels: !ref <n_mels>
        n_fft: \(isTheirs ? max(features.length, usualPoints) : features.points)
        f_min: \(features.lowestFrequency.yaml)
        f_max: \(features.highestFrequency.yaml)
        win_length: \(features.frameLength.yaml)
        hop_length: \(features.frameShift.yaml)
    mean_var_norm: !new:speechbrain.processing.features.InputNormalization
        norm_type: sentence
        std_norm: False

    """
  }

  /// What is the same for all encoders.
  private static let rest = """
    mean_var_norm_emb: !new:speechbrain.processing.features.InputNormalization
        norm_type: global
        std_norm: False
    classifier: !new:torch.nn.Identity
    modules:
        compute_features: !ref <compute_features>
        mean_var_norm: !ref <mean_var_norm>
        embedding_model: !ref <embedding_model>
        mean_var_norm_emb: !ref <mean_var_norm_emb>
        classifier: !ref <classifier>
    pretrainer: !new:speechbrain.utils.parameter_transfer.Pretrainer
        loadables:
            embedding_model: !ref <embedding_model>

    """

  private static func remark(_ features: FrontEnd, isTheirs: Bool) -> String? {
    let lead =
      "SpeechBrain's features are only near to this encoder's, so that embeddings and scores are others there "
      + "(features.type: speechbrain trains with its own): "
    switch features.type {
    case .speechbrain: return nil
    case .tfmel: return lead + "its filter bank is not that of features.type tfmel"
    case .kaldi: break
    }
    var theirs = FrontEnd(bins: features.bins)
    theirs.edges = .mirror
    (theirs.scale, theirs.preEmphasis, theirs.logFloor) = (.unit, 0, 1e-10)
    (theirs.lowestFrequency, theirs.highestFrequency) = (features.lowestFrequency, features.highestFrequency)
    (theirs.frameLength, theirs.frameShift) = (features.frameLength, features.frameShift)
    let others = features.differences(from: theirs)
    return lead + (isTheirs ? "its spectra have \(usualPoints) points, " : "")
      + "its filters are linear in Hz, its frames lie half a shift elsewhere, and its decibels are held within 80 of "
      + "the loudest" + (others.isEmpty ? "" : "; settings differ, too (\(others.joined(separator: "; ")))")
  }
}
