package import Foundation

/// Recordings that cannot be used, each of 0.8 s by its list.
package enum BrokenRecording: String, CaseIterable, Sendable {
  case truncated, header, text, empty, silent, notANumber, rate, missing

  package var fileName: String { "\(rawValue).\(self == .empty ? "flac" : "wav")" }

  /// A part of what svdist says of it.
  package var reason: String {
    switch self {
    case .truncated: "is truncated"
    case .header, .text: "is not audio"
    case .rate: "is of 1 Hz"
    case .empty: "is empty (0 bytes)"
    case .silent: "is silent"
    case .notANumber: "is nan"
    case .missing: "no such file"
    }
  }

  /// Writes the file, or none where it is missing.
  package func write(into folder: URL) throws {
    let count = 12_800
    let data: Data
    switch self {
    case .truncated:
      data = WaveFile.bytes(format: 1, sampleBytes: 2, [UInt8](repeating: 3, count: 2 * count)).prefix(9000)
    case .header: data = WaveFile.bytes(format: 1, sampleBytes: 2, []).prefix(30)
    case .rate: data = WaveFile.bytes(format: 1, sampleBytes: 2, [UInt8](repeating: 3, count: 2 * count), rate: 1)
    case .text: data = Data("This is no recording.\n".utf8)
    case .empty: data = Data()
    case .silent: data = WaveFile.bytes(format: 1, sampleBytes: 2, [UInt8](repeating: 0, count: 2 * count))
    case .notANumber: data = WaveFile.floats([Float](repeating: .nan, count: count))
    case .missing: return
    }
    try data.write(to: folder.appending(path: fileName))
  }

  /// Overwrites a recording with one whose first three quarters can be read and whose last cannot: crops differ.
  package static func spoilEnd(of file: URL) throws {
    let sound = (0..<9600).map { Float(0.1 * sin(Double($0) * 0.07) + 0.05 * sin(Double($0) * 0.19)) }
    try WaveFile.floats(sound + [Float](repeating: .nan, count: 3200)).write(to: file)
  }
}
