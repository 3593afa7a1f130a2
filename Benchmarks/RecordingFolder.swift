import CSndFile
import DistTrain
import Foundation

/// A generated recording.
struct Recording {
  let path: String
  let seconds: Double
}

/// Generated recordings in a folder that goes with it: voice-like sounds, 16 bits at 16 kHz, one channel.
final class RecordingFolder {
  let files: [Recording]
  private let folder: URL
  var path: String { folder.path }

  /// - Parameters:
  ///   - suffix: `wav` or `flac`.
  ///   - place: the folder that it is made in; nil for the system's temporary one.
  init(seconds: Double, count: Int = 16, suffix: String = "wav", in place: String? = nil) throws {
    let above = place.map { URL(fileURLWithPath: $0) } ?? FileManager.default.temporaryDirectory
    folder = above.appending(path: "svdist-benchmark-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let path = folder.path
    files = try (0..<count).map { index in
      let file = Recording(path: "\(path)/\(index).\(suffix)", seconds: seconds)
      try Self.write(Self.sound(index, count: Int(seconds * 16_000)), to: file.path, isCompressed: suffix == "flac")
      return file
    }
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  /// Harmonics of a wandering pitch that come and go, and some noise.
  private static func sound(_ item: Int, count: Int) -> [Int16] {
    var stream = RandomStream(seed: 1, purpose: .test, item: item)
    var phase = 0.0
    return (0..<count).map { index in
      let time = Double(index) / 16_000
      phase += 2 * .pi * (120 + 7 * Double(item) + 20 * sin(3 * time)) / 16_000
      let voice = (1...8).reduce(0.0) { $0 + sin(Double($1) * phase) / Double($1) }
      return Int16(6000 * voice * max(0, sin(9 * time)) + 60 * stream.normal())
    }
  }

  private static func write(_ samples: [Int16], to path: String, isCompressed: Bool) throws {
    var info = SF_INFO()
    info.samplerate = 16_000
    info.channels = 1
    info.format = Int32((isCompressed ? SF_FORMAT_FLAC : SF_FORMAT_WAV) | SF_FORMAT_PCM_16)
    guard let file = sf_open(path, Int32(SFM_WRITE), &info) else {
      throw Failure(.failed, "\(path): cannot be written")
    }
    sf_write_short(file, samples, sf_count_t(samples.count))
    sf_close(file)
  }
}
