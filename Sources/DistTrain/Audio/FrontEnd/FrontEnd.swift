import Foundation

/// What turns samples into an encoder's features: logarithms of mel filters' energies, by Kaldi's definitions
/// (`feature-window.cc`, `mel-computations.cc`). An encoder understands those of the front end that it was trained with
/// and no others.
///
/// The defaults are wespeaker's (`dataset/processor.py`). The mean of each frame is removed before pre-emphasis, whose first
/// sample stands for its own predecessor; frames are filled up with zeros to a power of two, spectra are of power,
/// triangles linear in mel = 1127·ln(1 + f/700), logarithms natural, and there is no coefficient for the energy.
package struct FrontEnd: Codable, Sendable, Equatable {
  /// Weights over a frame, symmetric about its middle.
  package enum Window: String, Sendable, Codable, CaseIterable {
    case hamming, povey, hann, rectangular
  }

  /// What becomes of frames that reach beyond an end of the utterance.
  package enum Edges: String, Sendable, Codable, CaseIterable {
    /// Only whole frames are taken (Kaldi's `--snip-edges=true`).
    case snip
    /// A frame for each shift, about its middle; beyond its ends the utterance is mirrored (`--snip-edges=false`).
    case mirror
  }

  /// The size of the samples that powers are taken of.
  package enum Scale: String, Sendable, Codable, CaseIterable {
    /// ±32768, the range of 16 bits.
    case int16
    /// ±1.
    case unit
  }

  /// Which mean is subtracted from each bin.
  package enum MeanRemoval: String, Sendable, Codable, CaseIterable {
    /// The mean over the frames of the utterance or crop.
    case utterance
    case none
  }

  package var bins = 80
  package var window = Window.hamming
  /// In milliseconds, a whole number of samples.
  package var frameLength = 25.0
  /// From the beginning of a frame to that of the next, in milliseconds, a whole number of samples.
  package var frameShift = 10.0
  package var edges = Edges.snip
  /// Where the lowest filter begins and the highest ends, in Hz.
  package var lowestFrequency = 20.0
  package var highestFrequency = Double(sampleRate) / 2
  package var scale = Scale.int16
  package var preEmphasis = 0.97
  /// The smallest energy that a logarithm is taken of. Kaldi's: the spacing of floats at 1.
  package var logFloor = Double(Float.ulpOfOne)
  package var meanRemoval = MeanRemoval.utterance
  /// The standard deviation, in steps of 16 bits whatever the scale, of the noise added in training to each sample of each
  /// frame.
  package var dither = 1.0

  /// Samples in a second of the utterances, in Hz.
  package static let sampleRate = 16_000
  /// Steps of 16 bits in full scale. A power of two, so that scaling before or after the linear stages gives equal bits.
  static let steps = 32768.0

  package init(bins: Int = 80, dither: Double = 1) {
    self.bins = bins
    self.dither = dither
  }
}

extension FrontEnd {
  /// Whether a length is one of samples alone, without a part of one.
  static func isWhole(milliseconds: Double) -> Bool { Int(exactly: milliseconds * Double(sampleRate) / 1000) != nil }

  private static func samples(milliseconds: Double) -> Int { Int(milliseconds * Double(sampleRate) / 1000) }

  /// Samples of a frame.
  var length: Int { Self.samples(milliseconds: frameLength) }
  var shift: Int { Self.samples(milliseconds: frameShift) }

  /// Frames of an utterance of `samples` samples. By default 1 + ⌊(N − 400) / 160⌋, 0 for fewer than one frame has.
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

  /// The samples that frames are cut from, the first one from the beginning.
  func framed(_ samples: [Float]) -> [Float] {
    guard edges == .mirror else { return samples }
    let before = length / 2 - shift / 2
    let round = 2 * samples.count
    return (0..<length + (frames(samples: samples.count) - 1) * shift).map { index in
      let place = ((index - before) % round + round) % round
      return samples[place < samples.count ? place : round - 1 - place]
    }
  }

  /// The weights of a frame's samples, each times what scales the samples.
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

  /// Points of a frame's spectrum.
  var points: Int { FrameSpectrum.points(atLeast: length) }

  var triangles: MelTriangles {
    MelTriangles(
      bins: bins, points: points, sampleRate: Double(Self.sampleRate), lowest: lowestFrequency,
      highest: highestFrequency)
  }
}
