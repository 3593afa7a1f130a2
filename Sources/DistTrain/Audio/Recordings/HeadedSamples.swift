/// The places of the samples of formats of one header and one stretch of samples.
enum HeadedSamples {
  /// The place in Sun's AU.
  static func au(_ file: RecordingBytes, isBigEndian: Bool) -> PromisedSamples? {
    let header = file.read(at: 4, count: 8)
    guard header.count == 8 else { return nil }
    let numbers = [header[..<4], header[4...]].map { Int(isBigEndian ? $0.bigEndian : $0.littleEndian) }
    // libsndfile adds both numbers in 32 bits with a sign, and finds no samples where the sum has no place there.
    let most = Int(Int32.max) - numbers[0]
    let unknown = PromisedSamples.unknownOf32Bits.map { $0.clamped(to: min(0, most)...most) }
    return PromisedSamples(
      start: numbers[0], promised: numbers[1], unknown: unknown + [0xFFFF_FFFF...0xFFFF_FFFF],
      available: file.size - numbers[0], rest: .ignored)
  }

  /// The largest value of numbers written as text, so that their sums and products are numbers too.
  private static let largest = 1 << 40

  /// The place in NIST's SPHERE, which libsndfile reads to the end of the file.
  static func sphere(_ file: RecordingBytes) -> PromisedSamples? {
    let lines = String(decoding: file.read(at: 0, count: 1024), as: UTF8.self).split(separator: "\n")
    guard lines.count > 1, let start = Int(lines[1].filter { $0 != " " }),
      (0...largest).contains(start)
    else { return nil }
    func field(_ name: String) -> Substring? {
      for line in lines {
        let words = line.split(separator: " ", maxSplits: 2)
        if words.count == 3, words[0] == name { return words[2] }
      }
      return nil
    }
    // Samples of a codec are fewer bytes than the header's numbers say.
    guard let samples = field("sample_count").flatMap({ Int($0) }), (0...largest).contains(samples),
      let width = field("sample_n_bytes").flatMap({ Int($0) }), (1...8).contains(width),
      let channels = field("channel_count").map({ Int($0) }) ?? 1, (1...1024).contains(channels),
      field("sample_coding")?.contains(",") != true
    else { return nil }
    let available = file.size - start
    // Some writers count the samples of all channels together, and fill the file up to a whole block of its disk.
    let isTotal = channels > 1 && (0..<1024).contains(available - samples * width)
    return PromisedSamples(
      start: start, promised: samples * width * (isTotal ? 1 : channels), unknown: [], available: available,
      rest: .read(.none))
  }

  /// The place in Creative's VOC, by the first block that holds samples. libsndfile reads to the end of the file.
  static func voc(_ file: RecordingBytes) -> PromisedSamples? {
    var offset = Int(file.read(at: 20, count: 2).littleEndian)
    for _ in 0..<ChunkForm.mostChunks {
      let block = file.read(at: offset, count: 4)
      guard block.count == 4, block[0] != 0 else { return nil }
      let count = Int(block[1...].littleEndian)
      // The blocks of samples are the first kind, and the ninth, which can say more of them.
      if block[0] == 1 || block[0] == 9 {
        return PromisedSamples(
          start: offset + 4, promised: count, unknown: [], available: file.size - offset - 4,
          rest: .read(.blocks))
      }
      offset += 4 + count
    }
    return nil
  }
}
