import DistTrain
import Foundation
import TestTools
import Testing

/// Lists whose recordings are what commands write.
@Suite struct CommandRecordingsTests {
  private let folder: TestFolder

  init() throws {
    folder = try TestFolder()
    try folder.writeTone("a.wav", seconds: 2)
  }

  private func prepare(_ commands: [String], limit: Double = 20) throws -> CorpusPreparation {
    try folder.write("lists/wav.scp", commands.enumerated().map { "u\($0) \($1)\n" }.joined())
    try folder.write("lists/utt2spk", commands.indices.map { "u\($0) s\n" }.joined())
    let source = try CorpusSource(folder.path("lists"), allowsCommands: true)
    let recordings = try CommandRecordings(
      CommandRecordings.commands(source), into: folder.path("audio"), limit: limit)
    let preparation = try CorpusPreparation(
      source, recordings: recordings.files, lengths: 0.5...(.infinity), minimumUtterances: 1)
    try PreparedCorpus(preparation, heldOut: { _ in nil }, trials: nil, seed: 1)
      .write(folder.path("out"), recordings: recordings, relativePaths: false, overwrite: true)
    return preparation
  }

  @Test func `what commands write is kept as FLAC, what they complain of is the reason`() throws {
    let wav = folder.path("a.wav")
    let preparation = try prepare([
      "cat \(wav) |", wav, "head -c 20000 \(wav) |", "echo no such; echo broken disk >&2; exit 3 |", "true |",
      "cat \(wav) | cat |", "kill -9 $$ |",
    ])
    let corpus = try Corpus.open(folder.path("out"))
    #expect(corpus.utterances.map(\.id) == ["u0", "u1", "u5"] && corpus.utterances.map(\.seconds) == [2, 2, 2])
    #expect(corpus.utterances[1].path == wav)
    for utterance in [corpus.utterances[0], corpus.utterances[2]] {
      #expect(utterance.path.hasPrefix(folder.path("out/svdist-audio/commands/")))
      let difference = try zip(Waveform.read(path: utterance.path), Waveform.read(path: wav)).map { abs($0 - $1) }
      #expect(difference.count == 32_000 && difference.max()! <= 0.5 / 32_768)
    }
    let reasons = Dictionary(uniqueKeysWithValues: preparation.leftOut.map { ($0.utterance, $0.reason) })
    #expect(reasons.keys.sorted() == ["u2", "u3", "u4", "u6"])
    #expect(reasons["u2"]?.hasPrefix("its command's output is truncated") == true, "\(reasons)")
    #expect(reasons["u3"] == "its command failed with status 3: broken disk")
    #expect(reasons["u6"] == "its command was ended by signal 9")
    #expect(reasons["u4"]?.hasPrefix("its command's output is empty") == true)
    #expect(preparation.leftOut.first { $0.utterance == "u4" }?.path == "true |")
    #expect(try folder.contents("out/svdist-audio").count { $0.hasSuffix(".flac") } == 2)
    #expect(try folder.contents("").allSatisfy { !$0.contains(".output") && !$0.contains(".errors") })
    #expect(!FileManager.default.fileExists(atPath: folder.path("audio")))
  }

  @Test func `what is wrong with a command's output is told without the file that held it`() throws {
    let sound = GeneratedAudio.lively(seconds: 1)
    let audio = try GeneratedAudio()
    let commands = try [
      audio.write([sound, sound.map { -$0 }], name: "opposite.wav"),
      audio.write([sound.map { _ in 0 }], name: "zeros.wav"),
      audio.write([Array(sound[..<1600])], name: "short.wav"), folder.path("a.wav"),
    ].map { "cat \($0) |" }
    let preparation = try prepare(commands)
    #expect(preparation.leftOut.map(\.utterance).sorted() == ["u0", "u1", "u2"])
    for one in preparation.leftOut {
      #expect(commands.contains(one.path) && !one.reason.contains("/"), "\(one)")
    }
  }

  @Test func `a command's recording keeps its channels, and says what is clipped`() throws {
    let audio = try GeneratedAudio()
    let channels = [GeneratedAudio.lively(seconds: 1), GeneratedAudio.sine(300, seconds: 1, amplitude: 1.5)]
    let path = try audio.write(channels, as: .floatWav, name: "two.wav")
    let nine = try audio.write((0..<9).map { _ in channels[0] }, name: "nine.wav")
    let recordings = try CommandRecordings(["cat \(path) |", "cat \(nine) |"], into: folder.path("audio"), limit: 20)
    let kept = try #require(try recordings.files[Name("cat \(path) |")]?.get())
    let file = try AudioFile(path: kept)
    #expect(file.channels == 2 && file.frames == 16_000)
    #expect(try largestDifference(file.read(from: 0, count: 16_000, channel: 0), channels[0]) <= 0.5 / 32_768)
    #expect(try file.read(from: 0, count: 16_000, channel: 1).max()! > 0.999)
    let beyond = channels[1].count { abs($0) > 1.0001 }
    #expect(abs(recordings.clipping.samples - beyond) < 100 && recordings.clipping.first == "cat \(path) |")
    let told = failure { _ = try recordings.files[Name("cat \(nine) |")]?.get() }
    #expect(told?.message.contains("has 9 channels, of which FLAC holds 8") == true)
  }

  @Test func `segments of one command's recording run it once`() throws {
    let count = folder.path("count")
    try folder.write("lists/wav.scp", "r echo x >> \(count); cat \(folder.path("a.wav")) |\n")
    try folder.write("lists/utt2spk", "s-1 s\ns-2 s\n")
    try folder.write("lists/segments", "s-1 r 0 1\ns-2 r 1 2\n")
    let source = try CorpusSource(folder.path("lists"), allowsCommands: true)
    let recordings = try CommandRecordings(CommandRecordings.commands(source), into: folder.path("audio"), limit: 20)
    let preparation = try CorpusPreparation(
      source, recordings: recordings.files, lengths: 0.5...(.infinity), minimumUtterances: 1)
    try PreparedCorpus(preparation, heldOut: { _ in nil }, trials: nil, seed: 1)
      .write(folder.path("out"), recordings: recordings, relativePaths: true, overwrite: false)
    #expect(try folder.read("count") == "x\n")
    let corpus = try Corpus.open(folder.path("out"))
    #expect(corpus.utterances.map(\.start) == [0, 1])
    #expect(try corpus.utterances.allSatisfy { try AudioFile(path: $0.path).frames == 32_000 })
  }

  @Test func `a command that does not end is ended, with all that it started`() throws {
    let start = ContinuousClock.now
    let preparation = try prepare(
      [
        "cat \(folder.path("a.wav")) |", "echo waiting >&2; trap '' TERM; (sleep 41.25; true); sleep 41.25 |",
      ], limit: 0.5)
    #expect(ContinuousClock.now - start < .seconds(20))
    #expect(preparation.leftOut.map(\.reason) == ["its command was ended after 0.5 s (--command-seconds): waiting"])
  }

  @Test func `what a command leaves running is waited for until its time is over, as long as it can write`() throws {
    let wav = folder.path("a.wav")
    let start = ContinuousClock.now
    let preparation = try prepare(
      [
        "cat \(wav); sleep 41.5 & |", "cat \(wav); (setsid sleep 6 &) |", "(sleep 0.3; cat \(wav)) & true |",
        "(sleep 1; touch \(folder.path("ran"))) > /dev/null 2>&1 & cat \(wav) |", "sleep 41.5 & exit 3 |",
        "sleep 41.5 & kill -9 $$ |", "exec >&-; sleep 41.5 |",
      ], limit: 3)
    #expect(ContinuousClock.now - start < .seconds(30))
    #expect(preparation.utterances.map(\.id) == ["u2", "u3"])
    let reasons = Dictionary(uniqueKeysWithValues: preparation.leftOut.map { ($0.utterance, $0.reason) })
    let held =
      "its command ended, but what it left running held its output open for 3.0 s (--command-seconds): redirect the "
      + "output of that, or let the command wait for it"
    let expected = [
      "u0": held, "u1": held, "u4": "its command failed with status 3", "u5": "its command was ended by signal 9",
      "u6": "its command was ended after 3.0 s (--command-seconds)",
    ]
    #expect(reasons == expected, "\(reasons)")
    // It was ended with the command, long before the others' time was over.
    #expect(!FileManager.default.fileExists(atPath: folder.path("ran")))
  }

  @Test func `a command that writes without an end is ended, and of what it complains only the end is read`() throws {
    let limit = 1 << 20
    let commands = ["cat /dev/zero |", "cat /dev/zero | cat |", "yes broken >&2 |", "cat \(folder.path("a.wav")) |"]
    let recordings = try CommandRecordings(commands, into: folder.path("audio"), limit: 20, mostBytes: limit)
    for command in commands.prefix(3) {
      let told = failure { _ = try recordings.files[Name(command)]?.get() }
      #expect(told?.message.hasPrefix("its command wrote more than 1048576 bytes: does it end?") == true, "\(command)")
      #expect(told.map { $0.message.utf8.count < 300 } == true)
    }
    #expect(try recordings.files[Name(commands[3])]?.get() != nil)
  }

  @Test func `the last line of many megabytes of complaints is the reason`() throws {
    let preparation = try prepare([
      "yes much | head -c 20000000 >&2; echo over >&2; exit 5 |", "cat \(folder.path("a.wav")) |",
    ])
    #expect(preparation.leftOut.map(\.reason) == ["its command failed with status 5: over"])
  }

  @Test func `files one after the other are no output`() throws {
    let audio = try GeneratedAudio()
    let path = try audio.write([GeneratedAudio.lively(seconds: 1)], as: .flac)
    let command = "cat \(path) \(path) |"
    let recordings = try CommandRecordings([command], into: folder.path("audio"), limit: 20)
    let told = failure { _ = try recordings.files[Name(command)]?.get() }
    #expect(told?.message.hasPrefix("its command's output is several files one after the other") == true)
  }

  @Test func `lists of commands are refused where they are not allowed`() throws {
    try folder.write("lists/wav.scp", "u0 touch \(folder.path("ran")) |\n")
    try folder.write("lists/utt2spk", "u0 s\n")
    for open in [{ _ = try CorpusSource($0) }, { _ = try Corpus.open($0) }] as [(String) throws -> Void] {
      let failure = #expect(throws: Failure.self) { try open(folder.path("lists")) }
      #expect(failure?.message.contains("wav.scp:1: 'u0' is a command that ends in a pipe") == true)
      #expect(failure?.message.contains("--allow-commands") == true && failure?.kind == .badData)
    }
    #expect(!FileManager.default.fileExists(atPath: folder.path("ran")))
  }

  @Test(arguments: ["list.csv", "list.tsv", "raw.list", "pieces.list"])
  func `commands in tables and raw lists are refused or run as those of wav.scp`(name: String) throws {
    let command = "cat \(folder.path("a.wav")) |"
    let pieces = name == "pieces.list" ? #", "vad": [[0, 0.5], [1, 1.5]]"# : ""
    let text =
      switch name {
      case "list.csv": "path,speaker,id\na.wav,s,u0\n\(command),s,u1\n"
      case "list.tsv": "path\tspeaker\tid\tstart\na.wav\ts\tu0\t\n\(command)\ts\tu1\t0.5\n"
      default:
        """
        {"key": "u0", "wav": "a.wav", "spk": "s"}
        {"key": "u1", "wav": "\(command)", "spk": "s"\(pieces)}
        """
      }
    let path = try folder.write(name, text)
    let line = name.hasSuffix("list") ? 2 : 3
    let failure = #expect(throws: Failure.self) { try CorpusSource(path) }
    #expect(
      failure?.message.hasPrefix("\(path):\(line): 'u1' is a command that ends in a pipe") == true,
      "\(failure?.message ?? "")")
    #expect(failure?.kind == .badData)
    let allowed = try CorpusSource(path, allowsCommands: true)
    #expect(CommandRecordings.commands(allowed) == [command] && allowed.utterances.map(\.isCommand) == [false, true])
  }

  @Test func `a table of commands alone is refused for them`() throws {
    let path = try folder.write("list.csv", "path,speaker\ntouch \(folder.path("ran"))|,s\n")
    let failure = #expect(throws: Failure.self) { try CorpusSource(path) }
    #expect(failure?.message.contains("list.csv:2: ") == true && failure?.message.contains("--allow-commands") == true)
    #expect(!FileManager.default.fileExists(atPath: folder.path("ran")))
  }
}
