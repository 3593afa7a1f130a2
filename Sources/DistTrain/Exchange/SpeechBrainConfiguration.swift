/// SpeechBrain's `hyperparams.yaml` of an encoder in its layout, from which `EncoderClassifier.from_hparams` makes the
/// network and the features.
package struct SpeechBrainConfiguration: Sendable {
  /// The file.
  package let text: String
  /// A line about the features, which SpeechBrain computes otherwise.
  package let remark: String
  /// The weights that read the features, and by what they are divided: SpeechBrain's features are decibels.
  package let entry: (name: String, factor: Float)

  /// - Parameters:
  ///   - path: by which a refusal names the encoder.
  ///   - isTheirs: whether the encoder came from SpeechBrain, whose spectra it was then trained with. Those of another
  ///     one have as many points as svdist's.
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
    entry = (EncoderFamily.speechbrainECAPA.entry, Toolkit.speechbrain.logarithm)
    remark = Self.remark(configuration.features, isTheirs: isTheirs)
  }

  private static func features(_ features: FrontEnd, isTheirs: Bool) -> String {
    """
    sample_rate: \(FrontEnd.sampleRate)
    n_mels: \(features.bins)
    compute_features: !new:speechbrain.lobes.features.Fbank
        sample_rate: !ref <sample_rate>
        n_mels: !ref <n_mels>
        n_fft: \(isTheirs ? max(features.length, Toolkit.speechbrainPoints) : features.points)
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

  private static func remark(_ features: FrontEnd, isTheirs: Bool) -> String {
    let lead =
      "SpeechBrain's features are only near to this encoder's, so that embeddings and scores are others there: "
    guard features.type == .kaldi else {
      return lead + "its filter bank is not that of features.type tfmel: train with svdist's kaldi for it"
    }
    var theirs = FrontEnd(bins: features.bins)
    theirs.edges = .mirror
    (theirs.scale, theirs.preEmphasis, theirs.logFloor) = (.unit, 0, 1e-10)
    (theirs.lowestFrequency, theirs.highestFrequency) = (features.lowestFrequency, features.highestFrequency)
    (theirs.frameLength, theirs.frameShift) = (features.frameLength, features.frameShift)
    let others = features.differences(from: theirs)
    return lead + (isTheirs ? "\(Toolkit.usualSpectra), " : "") + Toolkit.speechbrainDifferences
      + (others.isEmpty ? "" : "; settings differ, too (\(others.joined(separator: "; ")))")
  }
}
