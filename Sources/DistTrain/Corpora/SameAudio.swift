/// Finds the recordings of some paths that are among others too, as their decoded samples tell: in another container,
/// with other headers, packed without loss, or as a member of a shard.
///
/// Samples are compared as they are heard, as the mean of the channels, in 16 bits, so that shards of decoded audio are
/// like what they were made from. Recordings that were packed with loss, resampled or cut count as different.
enum SameAudio {
  /// The number of recordings of either side up to which they are opened.
  static let mostRecordings = 100_000

  /// The largest number of samples, of all channels together, that are decoded at once.
  private static let part = 1 << 20

  /// The mark that two recordings of the same audio share.
  private struct Mark: Hashable, Sendable {
    let frames: Int
    let sampleRate: Int
    /// The SHA-256 of the samples; empty where none are decoded.
    var digest: [UInt8] = []
  }

  /// The recordings that are among the others; those that cannot be read count as not found.
  ///
  /// Recordings are told apart by the lengths and rates in their headers, then by their first second, and only those
  /// that are still alike by all of their samples, so that each is decoded once at most, however many are alike.
  static func of(
    _ paths: [String], among others: [String], counting: @escaping CorpusOverlap.Counting
  ) -> [CorpusOverlap.Copy] {
    Candidates(wanted: distinct(paths), known: distinct(others), counting: counting)
      .alike { length($0) }
      .alike { audio($0, isWhole: false) }
      .pairs { audio($0, isWhole: true) }
      .map { CorpusOverlap.Copy(path: $0.wanted, original: $0.known) }
  }

  private static func distinct(_ paths: [String]) -> [String] {
    var seen: Set<Name> = []
    return paths.filter { seen.insert(Name($0)).inserted }
  }

  private static func length(_ path: String) -> Mark? {
    guard let file = try? AudioFile(path: path) else { return nil }
    return Mark(frames: file.frames, sampleRate: file.sampleRate)
  }

  /// The mark of a recording's samples, or of its first second; nil for a recording that cannot be read, and for a
  /// whole one that is silent in 16 bits, which may be any.
  private static func audio(_ path: String, isWhole: Bool) -> Mark? {
    guard let file = try? AudioFile(path: path) else { return nil }
    let count = isWhole ? file.frames : min(file.frames, file.sampleRate)
    var digest = SHA256()
    var isSilent = true
    let step = max(1, part / file.channels)
    for start in stride(from: 0, to: count, by: step) {
      guard let samples = try? file.read(from: start, count: min(step, count - start)) else { return nil }
      let values = samples.map { Int16(clipping: $0).littleEndian }
      isSilent = isSilent && values.allSatisfy { $0 == 0 }
      values.withUnsafeBytes { digest.update($0) }
    }
    if isWhole && isSilent { return nil }
    return Mark(frames: file.frames, sampleRate: file.sampleRate, digest: digest.finish())
  }
}

extension SameAudio {
  /// The places of the lengths, in seconds, that may be equal to one of others: lists may round them to hundredths. A
  /// length that is not known, nil, may be any.
  static func places(_ lengths: [Double?], like others: [Double?]) -> [Int] {
    func hundredth(_ seconds: Double) -> Int { Int((seconds * 100).rounded()) }
    var near: Set<Int> = []
    for length in others {
      guard let length else { return Array(lengths.indices) }
      near.formUnion(hundredth(length) - 1...hundredth(length) + 1)
    }
    return lengths.indices.filter { place in lengths[place].map { near.contains(hundredth($0)) } ?? true }
  }
}

extension Corpus {
  /// The path of a file of the table.
  func path(ofFile file: Int) -> String {
    let path = table.paths[file].text
    return places?.resolve(path) ?? path
  }

  /// The lengths of the table's files in seconds, as the lists tell them; nil for all where the lists have segments,
  /// which tell only their own lengths.
  var lengthsOfFiles: [Double?] {
    guard table.starts.allSatisfy({ $0 == 0 }) else { return [Double?](repeating: nil, count: table.sizes.files) }
    var lengths = [Double](repeating: 0, count: table.sizes.files)
    for (utterance, file) in table.files.enumerated() {
      lengths[Int(file)] = max(lengths[Int(file)], table.seconds[utterance])
    }
    return lengths
  }
}
