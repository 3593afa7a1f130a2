/// The codecs that crops may be sent through.
package struct CodecChoice: Sendable {
  private let probability: Double
  private let codecs: [Codec]

  /// - Throws: `Failure(.usage)` for a codec that the installed libsndfile does not write.
  package init(probability: Double, codecs: [Codec]) throws(Failure) {
    if let missing = codecs.first(where: { !$0.isAvailable }) {
      throw Failure(
        .usage, "augmentation.codec.kinds: the installed libsndfile writes no \(missing.rawValue): leave it out")
    }
    self.probability = probability
    self.codecs = codecs
  }

  /// Draws a codec; nil leaves the crop as it is.
  func draw(_ stream: inout RandomStream) -> Codec? {
    guard !codecs.isEmpty, stream.uniform() < probability else { return nil }
    return codecs[stream.below(codecs.count)]
  }
}
