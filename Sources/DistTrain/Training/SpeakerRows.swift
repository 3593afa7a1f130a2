/// The places of speakers' numbers, such as their prototypes, in a tensor that has equally many of each speaker, one
/// speaker after another.
struct SpeakerRows: Sendable {
  private let places: [Name: Int]
  /// The number of numbers of each speaker.
  private let width: Int

  /// - Parameter speakers: different names, in the order of the tensor.
  init(_ speakers: [String], width: Int) {
    places = Dictionary(uniqueKeysWithValues: zip(speakers.map(Name.init), speakers.indices))
    self.width = width
  }

  /// The number of speakers of the tensor among others.
  func count(of speakers: [String]) -> Int { speakers.count { places[Name($0)] != nil } }

  /// Copies the numbers of speakers of the same names. Those of others stay as they are.
  /// - Parameters:
  ///   - source: the tensor.
  ///   - target: as many numbers of each of `speakers`, one after another.
  func copy(_ source: UnsafePointer<Float>, to target: UnsafeMutablePointer<Float>, speakers: [String]) {
    for (index, speaker) in speakers.enumerated() {
      guard let place = places[Name(speaker)] else { continue }
      (target + index * width).update(from: source + place * width, count: width)
    }
  }
}
