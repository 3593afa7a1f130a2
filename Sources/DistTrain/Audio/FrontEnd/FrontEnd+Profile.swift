extension FrontEnd {
  /// Software whose filter bank Kaldi's kind of front end can be, with the settings that differ among these: window,
  /// edges, frequencies, scale and mean removal.
  package enum Profile: String, Sendable, Codable, CaseIterable {
    /// `compute-fbank-feats` with its own defaults (`feature-window.h`, `mel-computations.h`), whose mean over the
    /// utterance is removed.
    case kaldi
    /// wespeaker's recipes (`dataset/processor.py`): these are svdist's own defaults.
    case wespeaker
    /// 3D-Speaker (`speakerlab/process/processor.py`).
    case speaker3D = "3d-speaker"
    /// What sherpa-onnx has fixed for models of speakers. Scale and mean removal are in a model's metadata there; here
    /// they are svdist's own.
    case sherpa
  }

  /// Takes a profile's settings; all others stay.
  package mutating func take(_ profile: Profile) {
    window = profile == .wespeaker ? .hamming : .povey
    edges = profile == .sherpa ? .mirror : .snip
    lowestFrequency = 20
    highestFrequency = profile == .sherpa ? 7600 : Double(Self.sampleRate) / 2
    scale = profile == .speaker3D ? .unit : .int16
    meanRemoval = .utterance
  }
}
