/// The energies of a recording's channels and of their mean, by which channels that cancel each other are noticed:
/// those of opposite phases, of which the mean keeps next to nothing. A constant level is no sound and does not count.
struct ChannelEnergies {
  /// The sums that the energy of a signal about its own mean is computed from.
  private struct Moments {
    private var count = 0
    private var sum = 0.0
    private var squares = 0.0

    mutating func add(_ sample: Float) {
      count += 1
      sum += Double(sample)
      squares += Double(sample) * Double(sample)
    }

    /// The sum of squared distances from the mean; 0 where it is no more than rounding leaves of a constant level.
    var energy: Double {
      guard count > 0 else { return 0 }
      let energy = squares - sum * sum / Double(count)
      return energy > 1e-12 * squares ? energy : 0
    }
  }

  private var mean = Moments()
  private var channels: [Moments] = []

  /// Adds samples, interleaved, and the mean of the channels at each of them.
  mutating func add(_ interleaved: [Float], channels count: Int, mean samples: [Float]) {
    if channels.isEmpty { channels = Array(repeating: Moments(), count: count) }
    for channel in 0..<count {
      for index in stride(from: channel, to: interleaved.count, by: count) { channels[channel].add(interleaved[index]) }
    }
    for sample in samples { mean.add(sample) }
  }

  /// The energy of the channels' mean, as a share of the mean energy of the channels: 1 for equal channels and 1 / N
  /// for N of different sounds; 1 where all are silent.
  var share: Double {
    let energy = channels.reduce(0) { $0 + $1.energy } / Double(max(1, channels.count))
    return energy > 0 ? mean.energy / energy : 1
  }

  /// Whether the mean has less than a fifth of the energy that it would have of different sounds.
  var cancel: Bool { share * Double(channels.count) < 0.2 && !channels.isEmpty }
}
