import DistTrain
import Foundation
import TestTools
import Testing

/// Corpora as one file lists them: CSV tables and wespeaker's raw lists.
@Suite struct RecordingListTests {
  private let folder: TestFolder

  init() throws {
    folder = try TestFolder()
    for name in ["a/one.wav", "a/two, \"three\".wav", "b/one.wav"] { try folder.writeTone(name, seconds: 3) }
  }

  private func refusal(of name: String, _ text: some Sequence<UInt8>, allowsCommands: Bool = false) throws -> Failure? {
    let path = try folder.write(name, text)
    return #expect(throws: Failure.self) { try CorpusSource(path, allowsCommands: allowsCommands) }
  }

  @Test func `what a list names twice is told`() throws {
    try folder.writeTone("a/one.flac", seconds: 3)
    for (rows, note) in [
      (["a/one.wav,A", "a/one.flac,A", "b/one.wav,B"], "1 utterance is of the same stretch"),
      (["a/one.wav,A", "b/one.wav,B", "a/one.wav,C", "b/one.wav,A"], nil),
      (["a/one.wav,A", "b/one.wav,B"], nil),
    ] as [([String], String?)] {
      let source = try CorpusSource(
        try folder.write("twice.csv", (["path,speaker"] + rows).joined(separator: "\n") + "\n"))
      let told = try CorpusPreparation(source, lengths: 0.5...(.infinity), minimumUtterances: 1).repeated
      #expect(told?.hasPrefix(note ?? "2 utterances are of the same stretch") ?? (note == nil && rows.count == 2))
    }
  }

  @Test(arguments: ["\n", "\r\n"]) func `a CSV table names its columns, quotes what needs it`(end: String) throws {
    let rows = [
      "\u{FEFF},,,,,", "speaker,Path,age,id,end,start", "A,a/one.wav,30,u1,,",
      "A,\"a/two, \"\"three\"\".wav\",\"x\ny\",u2,2.5,1.25",
      "", "\"B B\",\(folder.path("b/one.wav")),,,,", "C,b/one.wav,,u4,,2",
    ]
    let source = try CorpusSource(try folder.write("list.csv", rows.joined(separator: end)))
    #expect(source.layout == .csv && source.notes == ["columns ignored: age"])
    let b = "B_B/" + folder.path("b/one.wav").dropFirst()
    #expect(source.utterances.map(\.id) == inByteOrder([b, "u1", "u2", "u4"]))
    let of = Dictionary(uniqueKeysWithValues: source.utterances.map { ($0.id, $0) })
    #expect(of["u1"]?.speaker == "A" && of["u1"]?.path == folder.path("a/one.wav") && of["u1"]?.recording == nil)
    #expect(of["u2"]?.path == folder.path("a/two, \"three\".wav") && of["u2"]?.recording == "u2")
    #expect(of["u2"]?.start == 1.25 && of["u2"]?.seconds == 1.25)
    #expect(of[b]?.speaker == "B_B" && of["u4"]?.recording == b && of["u4"]?.start == 2 && of["u4"]?.seconds == nil)

    let preparation = try CorpusPreparation(source, lengths: 0.5...(.infinity), minimumUtterances: 1)
    #expect(preparation.leftOut.isEmpty)
    try PreparedCorpus(preparation, heldOut: { _ in nil }, trials: nil, seed: 1)
      .write(folder.path("out"), relativePaths: false, overwrite: false)
    let corpus = try Corpus.open(folder.path("out"))
    #expect(corpus.utterances.map(\.id) == [b, "u1", "u2", "u4"])
    #expect(corpus.utterances.map(\.start) == [0, 0, 1.25, 2] && corpus.utterances.map(\.seconds) == [3, 3, 1.25, 1])
  }

  private func inByteOrder(_ names: [String]) -> [String] {
    names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  @Test func `utterances without ids are named after speaker, path and times`() throws {
    let source = try CorpusSource(
      try folder.write("list.csv", "path,speaker,start,end\na/one.wav,A,0,1\na/one.wav,A,1,\n./b/one.wav,B,,\n"))
    #expect(source.utterances.map(\.id) == ["A/a/one.wav-0.0-1.0", "A/a/one.wav-1.0-end", "B/b/one.wav"])
    #expect(source.utterances.map(\.path) == ["a", "a", "./b"].map { folder.path("\($0)/one.wav") })
    #expect(source.utterances[0].recording == source.utterances[1].recording)
  }

  @Test(
    arguments: [
      ("", "list.csv: the file is empty; expected path,speaker"),
      ("path,speaker\n", "list.csv: no rows below the header"),
      ("file;speaker\na;b\n", "list.csv:1: the header names no column 'path'"),
      ("path,who\na,b\n", "list.csv:1: the header names no column 'speaker'"),
      ("path,speaker,path\n", "list.csv:1: two columns are named 'path'"),
      ("path,speaker\na/one.wav,A\n\na/one.wav\n", "list.csv:4: 1 field, but the header has 2"),
      ("path,speaker\n,A\n", "list.csv:2: the path is empty"),
      ("path,speaker\na/one.wav,\" \"\n", "list.csv:2: the speaker is empty"),
      ("path,speaker\n\"a\nb\",A\n", "list.csv:2: a line break in the path"),
      ("path,speaker\na,b\n\"a,A\n\n", "list.csv:3: the quote that begins here is not closed"),
      ("path,speaker\n\"a\"b,A\n", "list.csv:2: text after a closing quote"),
      ("path,speaker\na\"b\",A\n", "list.csv:2: a quote within a field"),
      ("path,speaker,start,end\na,A,x,1\n", "list.csv:2: is no start in seconds: 'x'"),
      ("path,speaker,start,end\na,A,-1,1\n", "list.csv:2: is no start in seconds: '-1'"),
      ("path,speaker,start,end\na,A,0,inf\n", "list.csv:2: is no end in seconds: 'inf'"),
      ("path,speaker,start,end\na,A,2,2\n", "list.csv:2: the end is not after the start"),
      ("path,speaker,id\na,A,x y\nb,A,x_y\n", "list.csv:3: its utterance id is taken: 'x_y' is on line 2 already"),
      ("path,speaker\na,A\na,A\n", "list.csv:3: its utterance id is taken: 'A/a' is on line 2 already"),
      ("path,speaker\na,x y\nb,x_y\n", "list.csv:3: two speakers would be one: 'x y' and 'x_y' become 'x_y'"),
    ])
  func `a row that is not right is left out with its line, and a table without others refused`(
    text: String, message: String
  ) throws {
    try expect(message, of: "list.csv", text)
  }

  /// Expects that a list is refused with a message, or a line of it left out.
  private func expect(_ message: String, of name: String, _ text: String) throws {
    let path = try folder.write(name, text)
    do {
      let source = try CorpusSource(path)
      let said = source.leftOut.map { $0.reason.hasPrefix($0.path) ? $0.reason : "\($0.path): \($0.reason)" }
      #expect(said.count == 1 && said[0].contains(message) && !source.utterances.isEmpty, "\(said)")
    } catch let failure as Failure {
      #expect(failure.message.contains(message) && failure.kind == .badData, "\(failure.message)")
      #expect(!failure.message.contains("\n"))
    }
  }

  @Test(arguments: [
    "path;speaker;start;end\na/one.wav;A,B;0;1\n", "speaker\tpath\tend\nA,B\ta/one.wav\t1\n",
    "\n\"path\",\"speaker\",end\na/one.wav,\"A,B\",1\n", "\t\t\t\n \n\npath,speaker,end\na/one.wav,\"A,B\",1\n",
    ",path,,speaker,end\n0,a/one.wav,x,\"A,B\",1\n",
  ]) func `fields are set apart by commas, semicolons or tabs`(text: String) throws {
    let source = try CorpusSource(try folder.write("list.csv", text))
    #expect(source.utterances.map(\.speaker) == ["A,B"] && source.utterances.map(\.seconds) == [1])
  }

  @Test func `between tabs quotes are characters, but for those around a field`() throws {
    let rows = [
      "path\tspeaker\tsentence", "a/one.wav\tA\t\"He said", "b/one.wav\tB\tit was 5\"", "a/one.wav\t\"\tx\" y\"",
      "a/one.wav\t\"C \"\"c\"\"\"\t\"\"", "b/one.wav\t\"D\"d\"\t\"\"\"",
      "b/one.wav\t\"E\"e\"E\"\tx",
    ]
    for end in ["\n", "\r\n"] {
      let source = try CorpusSource(try folder.write("list.tsv", rows.joined(separator: end) + end))
      let speakers = Set(source.utterances.map(\.speaker))
      #expect(
        speakers == ["A", "B", "\"", "C_\"c\"", "\"D\"d\"", "\"E\"e\"E\""] && source.leftOut.isEmpty,
        "\(source.leftOut)")
    }
    // A field of a table with commas may hold their like, and one between tabs no tab.
    try expect(":2: 4 fields", of: "tab.tsv", "path\tspeaker\tage\na/one.wav\t\"A\tB\"\t3\nb/one.wav\tB\t3\n")
  }

  @Test func `columns of other names are named, and may be ignored`() throws {
    let path = try folder.write("list.tsv", "ID\twav\tspk_id\tstart\tpath\nu\ta/one.wav\tA\t9\tx\n")
    let columns: [Name: String] = ["wav": "path", "spk_id": "speaker", "start": "-"]
    let source = try CorpusSource(path, columns: columns)
    #expect(source.utterances.map(\.id) == ["u"] && source.utterances[0].path == folder.path("a/one.wav"))
    #expect(source.utterances[0].recording == nil && source.notes == ["columns ignored: start, path"])
    for (columns, message) in [
      (["waf": "path"], "list.tsv:1: no column is named 'waf', as --columns says"),
      (["y": "path", "spk_id": "speaker", "x": "start", "z": "end"], "list.tsv:1: no column is named 'x'"),
      (["wav": "path", "path": "path"], "list.tsv:1: two columns are named 'path'"),
    ] as [([Name: String], String)] {
      let failure = #expect(throws: Failure.self) { try CorpusSource(path, columns: columns) }
      #expect(failure?.message.contains(message) == true, "\(failure?.message ?? "")")
    }
    let folders = #expect(throws: Failure.self) { try CorpusSource(folder.path, layout: .folders, columns: columns) }
    #expect(folders?.kind == .usage && folders?.message.contains("--columns names the columns of a CSV file") == true)
  }

  @Test func `what is not UTF-8 is refused`() throws {
    let csv = try refusal(of: "list.csv", Array("path,speaker\na,A\na".utf8) + [0xE9] + Array(",A\n".utf8))
    #expect(csv?.message.contains("list.csv:3: not UTF-8") == true)
    let raw = try refusal(of: "raw.list", Array("{\"key\": \"".utf8) + [0xE9, 0x22, 0x7D])
    #expect(raw?.message.contains("raw.list:1: not UTF-8") == true)
  }

  @Test func `wespeaker's raw list is read, relative paths from its folder`() throws {
    let source = try CorpusSource(
      try folder.write(
        "raw.list",
        """
        {"key": "id2/x 1", "wav": "\(folder.path("b/one.wav"))", "spk": "id2", "dur": 3}
        \r
        {"spk": "id1", "key": "id1/é", "wav": "a/one.wav"}\r

        """))
    #expect(source.layout == .wespeaker)
    #expect(source.utterances.map(\.id) == ["id1/é", "id2/x_1"] && source.utterances.map(\.speaker) == ["id1", "id2"])
    #expect(source.utterances.map(\.path) == ["a", "b"].map { folder.path("\($0)/one.wav") })
  }

  @Test func `the pieces of a raw list with voice activity are joined, one alone is cut out`() throws {
    let source = try CorpusSource(
      try folder.write(
        "raw.list",
        """
        {"key": "u1", "wav": "a/one.wav", "spk": "s1", "vad": [["0.25", "0.75"], ["1.5", "2.25"], [2.5, 2.75]]}
        {"key": "u2", "wav": "b/one.wav", "spk": "s2", "vad": [[1, 2.5]]}
        {"key": "u3", "wav": "b/one.wav", "spk": "s2", "vad": [[0, 1], [2, 9]]}
        """))
    #expect(source.utterances.map(\.id) == ["u1", "u2", "u3"])
    let preparation = try CorpusPreparation(source, lengths: 0.5...(.infinity), minimumUtterances: 1)
    #expect(preparation.leftOut.map(\.utterance) == ["u3"])
    #expect(preparation.leftOut.allSatisfy { $0.reason.hasPrefix("the segment is not in its file") })
    try PreparedCorpus(preparation, heldOut: { _ in nil }, trials: nil, seed: 1)
      .write(folder.path("out"), relativePaths: false, overwrite: false)
    let corpus = try Corpus.open(folder.path("out"))
    #expect(corpus.utterances.map(\.seconds) == [1.5, 1.5] && corpus.utterances.map(\.start) == [0, 1])
    // 16 bits hold the recording's samples only so well.
    let whole = try Waveform.read(path: folder.path("a/one.wav"))
    let expected = whole[4000..<12_000] + whole[24_000..<36_000] + whole[40_000..<44_000]
    #expect(largestDifference(try Waveform.read(path: corpus.utterances[0].path), expected) < 1 / 32_768)
    #expect(
      try folder.read("out/joined.tsv")
        == "utterance\tbegins\tpiece\nu1\t0.0\tu1-0.25-0.75\nu1\t0.5\tu1-1.5-2.25\nu1\t1.25\tu1-2.5-2.75\n")
  }

  @Test(arguments: ["b", "a"]) func `a piece is cut from its recording though joined pieces have the recording's name`(
    other: String
  ) throws {
    let source = try CorpusSource(
      try folder.write(
        "raw.list",
        """
        {"key": "u1", "wav": "a/one.wav", "spk": "s1", "vad": [[0, 0.5], [1, 1.5]]}
        {"key": "u2", "wav": "\(other)/one.wav", "spk": "s1", "vad": [[2, 3]]}
        """))
    let preparation = try CorpusPreparation(source, lengths: 0.5...(.infinity), minimumUtterances: 1)
    try PreparedCorpus(preparation, heldOut: { _ in nil }, trials: nil, seed: 1)
      .write(folder.path("out"), relativePaths: false, overwrite: false)
    let corpus = try Corpus.open(folder.path("out"))
    #expect(corpus.utterances[0].path.hasSuffix("/svdist-audio/joined/0000/0000000.flac"))
    #expect(corpus.utterances[1].path == folder.path("\(other)/one.wav") && corpus.utterances[1].start == 2)
    #expect(try folder.read("out/segments").contains("u2 \(other == "a" ? "u1-recording" : "u2") 2.0 3.0\n"))
  }

  @Test(
    arguments: [
      ("{\"key\": \"a\", \"wav\": \"a\", \"spk\": \"s\"}\n{\"key\": \"b\"}", "raw.list:2: the key \"wav\" is missing"),
      ("{\"key\": \"a\", \"wav\": 1, \"spk\": \"s\"}", "raw.list:1: the value of \"wav\" is of another type"),
      (
        "{\"key\": \"a\", \"wav\": \"x\", \"spk\": \"s\", \"vad\": [[0, 1], [2, null]]}",
        "raw.list:1: the value of \"vad[1][1]\" is of another type"
      ),
      ("{\"key\": \"a\", \"wav\"", "raw.list:1: is not whole JSON"),
      ("{\"key\": \"a\", \"wav\": \"\", \"spk\": \"s\"}", "raw.list:1: the key, wav or spk is empty"),
      ("{\"key\": \"a\", \"wav\": \"x\\ny\", \"spk\": \"s\"}", "raw.list:1: a line break in \"wav\""),
      ("{\"key\": \"a\", \"wav\": \"x\\u0000y\", \"spk\": \"s\"}", "raw.list:1: a zero byte in an id"),
      ("{\"key\": \"a\", \"wav\": \"x\", \"spk\": \"s\\u0000\"}", "raw.list:1: a zero byte in an id"),
      (
        "{\"key\": \"a\", \"wav\": \"x\", \"spk\": \"s\", \"vad\": []}",
        "raw.list:1: \"vad\": a list of one or more"
      ),
      ("{\"key\": \"a\", \"wav\": \"x\", \"spk\": \"s\", \"vad\": [[0, 1], [2, 2]]}", "raw.list:1: \"vad\": the end"),
      ("{\"key\": \"a\", \"wav\": \"x\", \"spk\": \"s\", \"vad\": [[0, 1], [2]]}", "raw.list:1: \"vad\": a list"),
      (
        "{\"key\": \"a\", \"wav\": \"x\", \"spk\": \"s\", \"vad\": [[\"x\", 1]]}",
        "raw.list:1: \"vad\": is no start in seconds: 'x'"
      ),
      ("{\"key\": \"a\", \"wav\": \"x\", \"spk\": \"s\", \"vad\": [[null, 1]]}", "raw.list:1"),
      ("{\"key\": \"a\", \"wav\": \"cat x |\", \"spk\": \"s\"}", "raw.list:1: 'a' is a command"),
      (
        "{\"key\": \"a\", \"wav\": \"x\", \"spk\": \"s\"}\n{\"key\": \"a\", \"wav\": \"y\", \"spk\": \"s\"}",
        "raw.list:2: its utterance id is taken: 'a' is on line 1 already"
      ),
    ])
  func `a line of a raw list that is not right is left out, and a list without others refused`(
    text: String, message: String
  ) throws {
    try expect(message, of: "raw.list", text)
  }

  @Test func `what is wrong with a raw list's lines is counted by kind, without their places`() throws {
    try folder.write(
      "raw.list",
      """
      {"key": "a", "wav": "a/one.wav", "spk": "s"}
      {"key": "b", "wav": "a/one.wav"
      no JSON
      {"key": "c", "wav": "", "spk": "s"}
      {"key": "d", "wav": "a/one.wav", "spk": "s", "vad": [[2, 1]]}
      {"key": "e", "wav": "a/one.wav", "spk": "s", "vad": [[3, 1]]}
      """)
    let source = try CorpusSource(folder.path("raw.list"))
    #expect(
      source.leftOut.map(\.kind) == [
        "is not whole JSON", "is not whole JSON", "the key, wav or spk is empty",
        "\"vad\": the end is not after the start", "\"vad\": the end is not after the start",
      ])
  }

  @Test func `a file or folder in the wrong place is named`() throws {
    try folder.write("empty.list", "")
    for (name, layout, message) in [
      ("empty.list", nil, "neither a folder nor a list that svdist prepare knows"),
      ("empty.list", .wespeaker, "the list is empty"), ("a", .csv, "a folder, but --layout csv reads a file"),
      ("a/one.wav", .folders, "not a folder; give the folder"), ("gone.csv", nil, "no such folder or list"),
    ] as [(String, CorpusLayout?, String)] {
      let failure = #expect(throws: Failure.self) { try CorpusSource(folder.path(name), layout: layout) }
      #expect(
        failure?.message.contains(message) == true && failure?.kind == .badData, "\(String(describing: failure))")
    }
  }
}
