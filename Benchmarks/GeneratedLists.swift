import DistTrain
import Foundation

/// The lists of a corpus like VoxCeleb, without its audio.
enum GeneratedLists {
  /// Writes wav.scp, utt2spk and utt2dur in byte order; the utterances are spread evenly over the speakers.
  static func write(to folder: String, speakers: Int, utterances: Int) throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let lists = try ["wav.scp", "utt2spk", "utt2dur"].map { try OutputFile(path: "\(folder)/\($0)") }
    var stream = RandomStream(seed: 1, purpose: .test)
    for speaker in 0..<speakers {
      let name = "id" + digits(10_000 + speaker, 5)
      let own = utterances * (speaker + 1) / speakers - utterances * speaker / speakers
      for utterance in 0..<own {
        let id = "\(name)/\(digits(utterance / 10, 11))/\(digits(utterance % 10, 5)).wav"
        try lists[0].write("\(id) /data/voxceleb/dev/wav/\(id)\n")
        try lists[1].write("\(id) \(name)\n")
        try lists[2].write("\(id) \(Double(4000 + stream.below(8000)) / 1000)\n")
      }
    }
    for list in lists { try list.finish() }
  }

  private static func digits(_ number: Int, _ count: Int) -> String {
    let text = "\(number)"
    return String(repeating: "0", count: max(0, count - text.count)) + text
  }
}
