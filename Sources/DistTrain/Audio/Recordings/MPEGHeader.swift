/// The header of a frame of MPEG audio, layers I to III of versions 1, 2 and 2.5.
struct MPEGHeader {
  /// The length of the frame in bytes.
  let bytes: Int
  /// The number of frames in a second, rounded up.
  let inSecond: Int

  /// Reads four bytes; nil where they are no header, or that of a frame of no stated length.
  init?(_ header: [UInt8]) {
    guard header.count == 4, header[0] == 0xFF, header[1] & 0xE0 == 0xE0 else { return nil }
    let (version, layer) = (header[1] >> 3 & 3, 4 - Int(header[1] >> 1 & 3))
    let (bitRate, rate) = (Int(header[2] >> 4), Int(header[2] >> 2 & 3))
    guard version != 1, layer < 4, (1..<15).contains(bitRate), rate < 3 else { return nil }
    let isFirst = version == 3
    let kilobits = isFirst ? Self.bitRates[layer - 1][bitRate] : Self.lowBitRates[min(layer, 2) - 1][bitRate]
    let hertz = [44_100, 48_000, 32_000][rate] >> (isFirst ? 0 : version == 2 ? 1 : 2)
    let samples = layer == 1 ? 384 : layer == 2 || isFirst ? 1152 : 576
    let padding = Int(header[2] >> 1 & 1)
    // Layer I counts in slots of four bytes.
    bytes =
      layer == 1
      ? (12_000 * kilobits / hertz + padding) * 4 : samples / 8 * 1000 * kilobits / hertz + padding
    inSecond = (hertz + samples - 1) / samples
  }

  /// kbit/s of version 1, by layer and number.
  private static let bitRates = [
    [0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
    [0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
    [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
  ]
  /// Those of versions 2 and 2.5, of the first layer and of the others.
  private static let lowBitRates = [
    [0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
    [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
  ]
}
