import DistTrain

extension UntrustedInput {
  /// A `corpus.index` that was changed on purpose, with the digest of its bytes as they are now.
  package static func sealedIndex(_ bytes: [UInt8]) -> [UInt8] {
    let place = 256..<288
    guard bytes.count > place.upperBound else { return bytes }
    var sealed = bytes
    let others = bytes[..<place.lowerBound] + bytes[place.upperBound...]
    sealed.replaceSubrange(place, with: Array(others).withUnsafeBytes { SHA256.of($0) })
    return sealed
  }
}
