/// The energies of a recording's channels and of their mean, by which channels that cancel each other are noticed:
/// those of opposite phases, of which the mean keeps next to nothing.
struct ChannelEnergies {
  /// The sum of the squares of the channels' mean.
  private var mean = 0.0
  /// The mean of the channels' sums of squares.
  private var channels = 0.0
  private var count = 1

  /// Adds samples, interleaved, and the mean of the channels at each of them.
  mutating func add(_ interleaved: [Float], channels count: Int, mean samples: [Float]) {
    self.count = count
    channels += Self.squares(interleaved) / Double(count)
    mean += Self.squares(samples)
  }

  /// The energy of the channels' mean, as a share of the mean energy of the channels: 1 for equal channels and 1 / N
  /// for N of different sounds; 1 where all are silent.
  var share: Double { channels > 0 ? mean / channels : 1 }

  /// Whether the mean has less than a fifth of the energy that it would have of different sounds.
  var cancel: Bool { share * Double(count) < 0.2 }

  private static func squares(_ samples: [Float]) -> Double {
    samples.reduce(0) { $0 + Double($1) * Double($1) }
  }
}
