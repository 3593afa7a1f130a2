import Foundation

/// The purpose of a random draw: streams of different purposes never share numbers.
package enum RandomPurpose: UInt32, Sendable {
  case initialisation, batchOrder, speakerOrder, crop, augmentation, dither, replacement, holdOut, trials, test,
    gradientCheck, speed, codec, volume, masking, cropLength, shards, substitution, bootstrap, weighting,
    speakerSampling
}

/// A reproducible stream of random numbers that is a pure function of its keys, so that draws do not depend on ranks,
/// threads or restarts. The generator is Philox4x32-10 (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as
/// easy as 1, 2, 3", 2011).
package struct RandomStream: RandomNumberGenerator, Sendable {
  private let key: SIMD2<UInt32>
  private var counter: SIMD4<UInt32>
  private var block = SIMD4<UInt32>(repeating: 0)
  private var unread = 0
  private var spareNormal: Double?

  /// A stream for one purpose. Two streams that differ in any argument are independent.
  package init(
    seed: UInt64, purpose: RandomPurpose, epoch: Int = 0, item: Int = 0, occurrence: Int = 0, view: Int = 0
  ) {
    // Philox permutes 128-bit counters: one permutation keyed by the seed folds the names into the key of the stream,
    // a second one counts its blocks.
    let seedKey = SIMD2(UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
    let who = SIMD4(
      UInt32(truncatingIfNeeded: item), UInt32(truncatingIfNeeded: item >> 32), UInt32(truncatingIfNeeded: epoch),
      purpose.rawValue)
    let folded = Self.permute(who, key: seedKey)
    key = SIMD2(folded.x, folded.y)
    counter = SIMD4(0, UInt32(truncatingIfNeeded: occurrence), UInt32(truncatingIfNeeded: view) ^ folded.z, folded.w)
  }

  /// The next 64 random bits.
  package mutating func next() -> UInt64 {
    UInt64(next32()) | UInt64(next32()) << 32
  }

  /// Leaves out so many numbers of 64 bits, of a stream from which none was taken yet.
  package mutating func skip(_ count: Int) {
    precondition(unread == 0 && counter.x == 0, "only the beginning of a stream can be left out")
    // A block has two such numbers.
    counter.x = UInt32(truncatingIfNeeded: count / 2)
    if count % 2 == 1 { _ = next() }
  }

  /// A uniform number in [0, 1) with 53 random bits.
  package mutating func uniform() -> Double {
    Double(next() >> 11) * 0x1p-53
  }

  /// A uniform number in [low, high).
  package mutating func uniform(_ low: Double, _ high: Double) -> Double {
    low + (high - low) * uniform()
  }

  /// A uniform whole number in 0 ..< bound.
  package mutating func below(_ bound: Int) -> Int {
    precondition(bound > 0, "a draw needs at least one outcome")
    // The multiply-shift of Lemire 2019 without rejection: the bias, bound / 2^64, is far below what any run can see.
    return Int(UInt64(bound).multipliedFullWidth(by: next()).high)
  }

  /// A standard normal number (Box and Muller 1958).
  package mutating func normal() -> Double {
    if let spare = spareNormal {
      spareNormal = nil
      return spare
    }
    let radius = (-2 * log(1 - uniform())).squareRoot()
    let angle = 2 * Double.pi * uniform()
    spareNormal = radius * sin(angle)
    return radius * cos(angle)
  }

  /// The elements in random order (Fisher and Yates). It is written out here because the standard library's shuffle may
  /// change.
  package mutating func shuffled<Element>(_ elements: some Sequence<Element>) -> [Element] {
    var result = Array(elements)
    for last in stride(from: result.count - 1, to: 0, by: -1) {
      result.swapAt(last, below(last + 1))
    }
    return result
  }

  private mutating func next32() -> UInt32 {
    if unread == 0 {
      block = Self.permute(counter, key: key)
      counter.x &+= 1
      unread = 4
    }
    unread -= 1
    return block[3 - unread]
  }

  /// Ten rounds of Philox4x32.
  package static func permute(_ input: SIMD4<UInt32>, key: SIMD2<UInt32>) -> SIMD4<UInt32> {
    var value = input
    var key = key
    for _ in 0..<10 {
      let first = UInt64(value.x) * 0xD251_1F53
      let second = UInt64(value.z) * 0xCD9E_8D57
      value = SIMD4(
        UInt32(truncatingIfNeeded: second >> 32) ^ value.y ^ key.x, UInt32(truncatingIfNeeded: second),
        UInt32(truncatingIfNeeded: first >> 32) ^ value.w ^ key.y, UInt32(truncatingIfNeeded: first))
      key &+= SIMD2(0x9E37_79B9, 0xBB67_AE85)
    }
    return value
  }
}
