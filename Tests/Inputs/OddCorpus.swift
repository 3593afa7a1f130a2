import DistTrain
import Foundation

/// A corpus of a few recordings, drawn by a seed: its layout, its names, its recordings and what befell its lists.
struct OddCorpus {
  enum Layout: String, CaseIterable {
    case folders, kaldi, segments, csv, wespeaker
  }

  let layout: Layout
  /// The path that svdist prepare is given.
  let source: String
  /// The recordings' paths.
  private(set) var recordings: [String] = []
  /// Whether its lists, where it has some, name all recordings.
  private(set) var isListed = true
  /// The list of trials over its utterances.
  let trials: String
  private let folder: String

  private struct Row {
    let id: String
    let speaker: String
    let path: String
  }

  /// Writes a corpus into a folder that is not there yet.
  init(in folder: String, _ random: inout RandomStream) throws {
    self.folder = folder
    layout = Layout.allCases[random.below(Layout.allCases.count)]
    trials = "\(folder)/trials"
    source =
      switch layout {
      case .folders: "\(folder)/audio"
      case .kaldi, .segments: folder
      case .csv: "\(folder)/list.csv"
      case .wespeaker: "\(folder)/raw.list"
      }
    var rows: [Row] = []
    for speaker in 0..<2 + random.below(3) {
      let name = "s\(speaker)" + Self.oddity(&random)
      for utterance in 0..<1 + random.below(4) {
        let recording = OddRecording.draw(&random)
        let id = "u\(utterance)" + Self.oddity(&random)
        let path = "\(folder)/audio/\(name)/\(id).\(recording.suffix)"
        try FileSystem.createFolder("\(folder)/audio/\(name)")
        try recording.write(to: path, &random)
        rows.append(Row(id: "\(name)/\(id)", speaker: name, path: path))
      }
    }
    recordings = rows.map(\.path)
    try addStrangers(&random)
    try writeLists(rows, &random)
    try writeTrials(rows, &random)
  }

  /// The text that is added to a name; nothing to most of them.
  private static func oddity(_ random: inout RandomStream) -> String {
    let oddities = [
      "é", "e\u{301}", " x", "\t", "\u{301}", "🎤", "..", "-", "'", "\"", "%20", "\u{200B}", "ß", "\u{A0}",
      String(repeating: "n", count: 200),
    ]
    return random.below(4) > 0 ? "" : oddities[random.below(oddities.count)]
  }

  /// Puts other things beside the recordings: notes, a dangling link, a folder named like a recording.
  private func addStrangers(_ random: inout RandomStream) throws {
    let place = "\(folder)/audio/s9"
    try FileSystem.createFolder(place)
    switch random.below(5) {
    case 0: try Data("notes".utf8).write(to: URL(fileURLWithPath: "\(place)/README.txt"))
    case 1: symlink("nowhere.wav", "\(place)/link.wav")
    case 2: try FileSystem.createFolder("\(place)/folder.wav")
    case 3: symlink("..", "\(place)/up")
    default: mkfifo("\(place)/pipe.flac", 0o600)
    }
  }

  private mutating func writeLists(_ rows: [Row], _ random: inout RandomStream) throws {
    func write(_ lines: [String], _ name: String) throws {
      let damage = random.below(2) == 0 ? OddBytes.allCases[random.below(OddBytes.allCases.count)] : .none
      let odd = damage.applied(to: Array(lines.map { $0 + "\n" }.joined().utf8), &random)
      if !damage.isHarmless { isListed = false }
      try Data(odd).write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
    }
    func plain(_ text: String) -> String { String(text.map { $0 == " " || $0 == "\t" ? "_" : $0 }) }
    switch layout {
    case .folders: return
    case .kaldi, .segments:
      try write(rows.map { "\(plain($0.id)) \($0.path)" }, "wav.scp")
      let suffix = layout == .segments ? "-1" : ""
      try write(rows.map { "\(plain($0.id))\(suffix) \(plain($0.speaker))" }, "utt2spk")
      if layout == .segments {
        try write(
          rows.map { "\(plain($0.id))-1 \(plain($0.id)) 0.1 \(["0.6", "-1", "9", "0.4"][random.below(4)])" }, "segments"
        )
      }
    case .csv:
      try write(
        ["path,speaker"]
          + rows.map {
            "\"\($0.path.replacingOccurrences(of: "\"", with: "\"\""))\",\"\($0.speaker.replacingOccurrences(of: "\"", with: "\"\""))\""
          }, "list.csv")
    case .wespeaker:
      let encoder = JSONEncoder()
      encoder.outputFormatting = .withoutEscapingSlashes
      try write(
        rows.map {
          String(decoding: try encoder.encode(["key": $0.id, "wav": $0.path, "spk": $0.speaker]), as: UTF8.self)
        },
        "raw.list")
    }
  }

  private func writeTrials(_ rows: [Row], _ random: inout RandomStream) throws {
    let labels = [["target", "nontarget"], ["1", "0"], ["tgt", "imp"]][random.below(3)]
    let lines = rows.indices.dropLast().map { index in
      let (first, second) = (rows[index], rows[index + 1])
      return "\(first.id) \(second.id) \(labels[first.speaker == second.speaker ? 0 : 1])\n"
    }
    let damage = OddBytes.allCases[random.below(OddBytes.allCases.count)]
    try Data(damage.applied(to: Array(lines.joined().utf8), &random)).write(to: URL(fileURLWithPath: trials))
  }
}
