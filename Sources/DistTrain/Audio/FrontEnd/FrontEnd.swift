import Foundation

/// The settings by which samples become an encoder's features: logarithms of the energies of mel filters. An encoder
/// understands only the features of the front end that it was trained with.
///
/// The defaults are wespeaker's (`dataset/processor.py`). Frames are filled up with zeros to a power of two. Spectra
/// are of power, triangles are linear in mel = 1127·ln(1 + f/700), logarithms are natural, and there is no coefficient
/// for the energy.
public struct FrontEnd: Codable, Sendable, Equatable {
  /// The computation of the features.
  package enum Kind: String, Sendable, Codable, CaseIterable {
    /// Kaldi's filter bank (`feature-window.cc`, `mel-computations.cc`). The mean of each frame is removed before
    /// pre-emphasis, for which the first sample counts as its own predecessor.
    case kaldi
    /// The filter bank of ReDimNet2, as wespeaker has it (`frontend/tfmel.py`, with `norm_signal`). It scales an
    /// utterance to mean 0 and deviation 1, adds pre-emphasis over all of it, for which the second sample counts as the
    /// first one's predecessor, and half a shift of zeros at either end. Powers and energies are held within 10⁻⁸ and
    /// 10⁸, and energies are raised by 10⁻⁸ before the logarithm.
    ///
    /// Filters are laid over the K frequencies below half the sampling rate as if the last of them were that half:
    /// point k counts as k · 8000 / (K − 1) Hz, slightly above its own frequency. The window is Hamming's, and the mean
    /// over the frames is removed.
    case tfmel
    /// The filter bank of SpeechBrain's recipes (`lobes/features.py`, `processing/features.py`): decibels of the powers
    /// of samples of ±1, held within 80 below the loudest of the utterance, minus their mean over the frames. Frames of
    /// 400 samples have spectra of as many points and lie about each shift, the first one about the first sample, with
    /// zeros beyond the utterance's ends. The window is Hamming's over a period of 400, energies are at least 10⁻¹⁰.
    ///
    /// Filters have their centres equally spaced in mel, and on either side, linear in Hz, the distance of the centre
    /// from the one below.
    case speechbrain
  }

  /// The kind; another one comes with its defaults.
  package var type = Kind.kaldi {
    didSet { self = Self(type) }
  }

  /// The weights over a frame, symmetric about its middle.
  package enum Window: String, Sendable, Codable, CaseIterable {
    case hamming, povey, hann, rectangular
  }

  /// The treatment of frames that reach beyond an end of the utterance.
  package enum Edges: String, Sendable, Codable, CaseIterable {
    /// Only whole frames are taken (Kaldi's `--snip-edges=true`).
    case snip
    /// There is a frame for each shift, about its middle; beyond its ends the utterance is mirrored
    /// (`--snip-edges=false`).
    case mirror
  }

  /// The range of the samples from which powers are computed.
  package enum Scale: String, Sendable, Codable, CaseIterable {
    /// The range is ±32768, that of 16 bits.
    case int16
    /// The range is ±1.
    case unit
  }

  /// The mean that is subtracted from each bin.
  package enum MeanRemoval: String, Sendable, Codable, CaseIterable {
    /// The mean over the frames of the utterance or crop is subtracted.
    case utterance
    case none
  }

  /// The number of mel filters.
  package var bins = 80
  /// The window over a frame.
  package var window = Window.hamming
  /// The length of a frame in milliseconds, a whole number of samples.
  package var frameLength = 25.0
  /// The time from the beginning of a frame to that of the next in milliseconds, a whole number of samples.
  package var frameShift = 10.0
  /// The frames at the ends of an utterance.
  package var edges = Edges.snip
  /// The frequency at which the lowest filter begins, in Hz.
  package var lowestFrequency = 20.0
  /// The frequency at which the highest filter ends, in Hz.
  package var highestFrequency = Double(sampleRate) / 2
  /// The range of samples.
  package var scale = Scale.int16
  /// The factor by which the sample before is subtracted from each sample.
  package var preEmphasis = 0.97
  /// The smallest energy whose logarithm is taken; smaller ones are raised to it. The default is Kaldi's, the spacing
  /// of floats at 1.
  package var logFloor = Double(Float.ulpOfOne)
  /// The mean that is removed from the features.
  package var meanRemoval = MeanRemoval.utterance
  /// The standard deviation of the noise that training adds to each sample of each frame, in steps of 16 bits whatever
  /// the scale.
  package var dither = 1.0

  /// The sampling rate of the utterances in Hz.
  package static let sampleRate = 16_000
  /// The number of 16-bit steps in full scale. It is a power of two, so that scaling before or after the linear stages
  /// gives the same bits.
  static let steps = 32768.0

  /// Kaldi's filter bank of so many filters, with all other settings at their defaults.
  /// - Parameter dither: the deviation of the noise that is added, in 16-bit steps; 0 for none.
  public init(bins: Int = 80, dither: Double = 1) {
    self.bins = bins
    self.dither = dither
  }

  /// A front end of a kind with that kind's defaults.
  package init(_ type: Kind) {
    self.type = type
    switch type {
    case .kaldi: break
    case .tfmel: (bins, highestFrequency, dither) = (72, 7600, 0)
    case .speechbrain: (scale, preEmphasis, logFloor, lowestFrequency, dither) = (.unit, 0, 1e-10, 0, 0)
    }
  }
}

extension FrontEnd {
  /// Whether a length is a whole number of samples.
  static func isWhole(milliseconds: Double) -> Bool { Int(exactly: milliseconds * Double(sampleRate) / 1000) != nil }

  private static func samples(milliseconds: Double) -> Int { Int(milliseconds * Double(sampleRate) / 1000) }

  /// The number of samples of a frame.
  var length: Int { Self.samples(milliseconds: frameLength) }
  /// The number of samples from the beginning of a frame to that of the next.
  var shift: Int { Self.samples(milliseconds: frameShift) }

  /// The number of frames of an utterance of N `samples`. By default it is 1 + ⌊(N − 400) / 160⌋, or 0 for fewer than
  /// the samples of one frame.
  package func frames(samples: Int) -> Int {
    switch (type, edges) {
    case (.tfmel, _), (.speechbrain, _): samples < fewest ? 0 : 1 + (samples + 2 * zerosBeyondEnds - length) / shift
    case (.kaldi, .snip): samples < length ? 0 : 1 + (samples - length) / shift
    case (.kaldi, .mirror): (samples + shift / 2) / shift
    }
  }

  /// The fewest samples that give `frames` frames.
  package func samples(frames: Int) -> Int {
    guard frames > 0 else { return 0 }
    return switch (type, edges) {
    case (.tfmel, _), (.speechbrain, _): max(length - 2 * zerosBeyondEnds + (frames - 1) * shift, fewest)
    case (.kaldi, .snip): length + (frames - 1) * shift
    case (.kaldi, .mirror): frames * shift - shift / 2
    }
  }

  /// The zeros that `tfmel` and `speechbrain` put before an utterance, and behind it.
  var zerosBeyondEnds: Int { type == .speechbrain ? length / 2 : shift / 2 }
  /// The fewest samples of which these make a frame. The pre-emphasis of the first sample needs a second one.
  private var fewest: Int { type == .speechbrain ? 1 : max(length - 2 * zerosBeyondEnds, 2) }

  /// The samples from which frames are cut; the first frame begins at the first of them.
  func framed(_ samples: [Float]) -> [Float] {
    guard type == .kaldi, edges == .mirror else { return samples }
    let before = length / 2 - shift / 2
    let round = 2 * samples.count
    return (0..<length + (frames(samples: samples.count) - 1) * shift).map { index in
      let place = ((index - before) % round + round) % round
      return samples[place < samples.count ? place : round - 1 - place]
    }
  }

  /// The weights of a frame's samples, times the factor that scales the samples.
  var weights: [Double] {
    let full = type == .kaldi && scale == .int16 ? Self.steps : 1
    let period = type == .speechbrain ? length : length - 1
    return (0..<length).map { index in
      let turn = cos(2 * .pi * Double(index) / Double(period))
      switch window {
      case .hamming: return full * (0.54 - 0.46 * turn)
      case .povey: return full * pow(0.5 - 0.5 * turn, 0.85)
      case .hann: return full * (0.5 - 0.5 * turn)
      case .rectangular: return full
      }
    }
  }

  /// The number of points of a frame's spectrum.
  var points: Int { type == .speechbrain ? length : FrameSpectrum.points(atLeast: length) }

  /// The mel filters over a frame's spectrum.
  var triangles: MelTriangles {
    let half = Double(Self.sampleRate) / 2
    let count = points / 2
    let frequencies = (0..<count).map { Double($0) * half / Double(type == .tfmel ? count - 1 : count) }
    return MelTriangles(
      bins: bins, frequencies: frequencies, lowest: lowestFrequency, highest: highestFrequency,
      shape: type == .speechbrain ? .hertz : .mel)
  }

  /// The bounds between which energies are held.
  var bounds: EnergyBounds {
    switch type {
    case .kaldi: EnergyBounds(power: nil, energy: Float(logFloor)...Float.infinity, offset: 0)
    case .tfmel: EnergyBounds(power: 1e-8...1e8, energy: 1e-8...1e8, offset: 1e-8)
    case .speechbrain: EnergyBounds(power: nil, energy: 1e-10...Float.infinity, offset: 0)
    }
  }
}
