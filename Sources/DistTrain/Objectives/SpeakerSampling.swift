/// A draw of the speakers that the rows of a step are compared with, in place of all of them (An et al., "Partial FC:
/// Training 10 Million Identities on a Single Machine", ICCVW 2021). The rows' own speakers are always among them.
package struct SpeakerSampling: Sendable {
  /// The probability of each other speaker.
  package let share: Double
  package let seed: UInt64

  package init(share: Double, seed: UInt64) {
    self.share = share
    self.seed = seed
  }

  /// The speakers of a piece that a step takes, by their numbers within it, ascending.
  /// - Parameter own: those of the batch's rows.
  package func speakers(ofPiece piece: Int, count: Int, step: Int, with own: Set<Int>) -> [Int] {
    var stream = RandomStream(seed: seed, purpose: .speakerSampling, item: piece, occurrence: step)
    return (0..<count).filter { stream.uniform() < share || own.contains($0) }
  }
}
