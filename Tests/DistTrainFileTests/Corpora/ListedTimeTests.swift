import DistTrain
import TestTools
import Testing

/// Times in lists, whichever list has them.
@Suite struct ListedTimeTests {
  private let folder: TestFolder

  init() throws { folder = try TestFolder() }

  /// Lists with a time in them: the file and the line that it stands on, and the files' contents.
  static let lists: [(place: String, files: @Sendable (String) -> [String: String])] = [
    ("segments:1", { ["segments": "u u \($0) 1e305\n"] }), ("segments:1", { ["segments": "u u 0 \($0)\n"] }),
    ("utt2dur:1", { ["utt2dur": "u \($0)\n"] }),
    ("list.csv:2", { ["list.csv": "path,speaker,start,end\nu.wav,s,\($0),\n"] }),
    ("list.csv:2", { ["list.csv": "path,speaker,start,end\nu.wav,s,,\($0)\n"] }),
    ("raw.list:1", { ["raw.list": rawEntry("[0, \($0)]")] }),
    ("raw.list:1", { ["raw.list": rawEntry("[\"\($0)\", \"1e305\"]")] }),
  ]

  private static func rawEntry(_ piece: String) -> String {
    "{\"key\": \"u\", \"wav\": \"u.wav\", \"spk\": \"s\", \"vad\": [\(piece)]}"
  }

  private func read(_ list: Int, _ time: String) throws -> [(start: Double, seconds: Double?)] {
    let files = Self.lists[list].files(time).merging(["wav.scp": "u u.wav\n", "utt2spk": "u s\n"]) { $1 }
    for (name, text) in files { try folder.write(name, text) }
    for name in ["list.csv", "raw.list"] where files[name] != nil {
      return try CorpusSource(folder.path(name)).utterances.map { ($0.start, $0.seconds) }
    }
    return try Corpus.open(folder.path) { _ in 1 }.utterances.map { ($0.start, $0.seconds) }
  }

  @Test(arguments: lists.indices, ["1000001", "5.8e14", "1e18", "1e300", "9223372036854775807"])
  func `a time beyond every recording is refused with its place, itself and the limit`(list: Int, time: String) throws {
    let refusal = failure { _ = try read(list, time) }
    let message = try #require(refusal?.message)
    #expect(refusal?.kind == .badData && !message.contains("\n"), "\(message)")
    #expect(message.hasPrefix(folder.path(Self.lists[list].place)) && message.contains("1000000 s"), "\(message)")
  }

  @Test(arguments: lists.indices.dropLast(2), ["0x1", "0X1p1", "0x0.8"])
  func `hexadecimal numbers are no times`(list: Int, time: String) throws {
    let refusal = failure { _ = try read(list, time) }
    #expect(refusal?.kind == .badData && refusal?.message.contains("in seconds: '\(time)'") == true)
  }

  @Test(arguments: [1, 2, 4, 5]) func `the longest recording's end is allowed`(list: Int) throws {
    #expect(try read(list, "1000000").map(\.seconds) == [1_000_000])
  }

  @Test func `fields are told apart by bytes, where a mark follows a blank`() throws {
    try folder.write("segments", "u u 0 \u{301}1\n")
    try folder.write("wav.scp", "u u.wav\n")
    try folder.write("utt2spk", "u s\n")
    let refusal = failure { _ = try Corpus.open(folder.path) { _ in 1 } }
    #expect(refusal?.message.hasPrefix(folder.path("segments:1: ")) == true && refusal?.kind == .badData)
  }
}
