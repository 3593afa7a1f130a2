import Foundation

/// The settings by which samples become an encoder's features: logarithms of the energies of mel filters, as Kaldi
/// defines them (`feature-window.cc`, `mel-computations.cc`). An encoder understands only the features of the front end
/// that it was trained with.
///
/// The defaults are wespeaker's (`dataset/processor.py`). The mean of each frame is removed before pre-emphasis, for
/// which the first sample counts as its own predecessor. Frames are filled up with zeros to a power of two. Spectra are
/// of power, triangles are linear in mel = 1127·ln(1 + f/700), logarithms are natural, and there is no coefficient for
/// the energy.
public struct FrontEnd: Codable, Sendable, Equatable {
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

  public init(bins: Int = 80, dither: Double = 1) {
    self.bins = bins
    self.dither = dither
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
    switch edges {
    case .snip: samples < length ? 0 : 1 + (samples - length) / shift
    case .mirror: (samples + shift / 2) / shift
    }
  }

  /// The fewest samples that give `frames` frames.
  package func samples(frames: Int) -> Int {
    guard frames > 0 else { return 0 }
    return edges == .snip ? length + (frames - 1) * shift : frames * shift - shift / 2
  }

  /// The samples from which frames are cut; the first frame begins at the first of them.
  func framed(_ samples: [Float]) -> [Float] {
    guard edges == .mirror else { return samples }
    let before = length / 2 - shift / 2
    let round = 2 * samples.count
    return (0..<length + (frames(samples: samples.count) - 1) * shift).map { index in
      let place = ((index - before) % round + round) % round
      return samples[place < samples.count ? place : round - 1 - place]
    }
  }

  /// The weights of a frame's samples, times the factor that scales the samples.
  var weights: [Double] {
    let full = scale == .int16 ? Self.steps : 1
    return (0..<length).map { index in
      let turn = cos(2 * .pi * Double(index) / Double(length - 1))
      switch window {
      case .hamming: return full * (0.54 - 0.46 * turn)
      case .povey: return full * pow(0.5 - 0.5 * turn, 0.85)
      case .hann: return full * (0.5 - 0.5 * turn)
      case .rectangular: return full
      }
    }
  }

  /// The number of points of a frame's spectrum.
  var points: Int { FrameSpectrum.points(atLeast: length) }

  /// The mel filters over a frame's spectrum.
  var triangles: MelTriangles {
    MelTriangles(
      bins: bins, points: points, sampleRate: Double(Self.sampleRate), lowest: lowestFrequency,
      highest: highestFrequency)
  }
}
