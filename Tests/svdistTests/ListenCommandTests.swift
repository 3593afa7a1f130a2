import DistTrain
import Foundation
import TestCorpora
import Testing

extension ProgramTests {
  @Suite struct ListenCommandTests {
    private func arguments(_ run: SmallRun, _ settings: [String], into name: String) -> [String] {
      let all = ["corpus.train=\(run.corpus.path)", "crop.seconds=0.4", "batch.speakers=3"] + settings
      return ["listen", "--output", run.path(name), "--count", "5"] + all.flatMap { ["--set", $0] }
    }

    private var augmented: [String] { ["crop.seconds=0.4", "batch.speakers=2", "augmentation.volume.probability=1"] }

    @Test func `pairs are the first augmented rows, with what was done to each`() throws {
      try SmallRun.with { run in
        let settings = [
          "augmentation={noise: \(run.corpus.path), probability: 1}",
          "augmentation.codec={probability: 1, kinds: [gsm]}",
        ]
        for name in ["one", "two"] {
          let outcome = try svdist(arguments(run, settings, into: name))
          #expect(outcome.status == 0, "\(outcome.errors)")
        }
        let files = try FileManager.default.contentsOfDirectory(atPath: run.path("one")).sorted()
        let names = (1...5).flatMap { ["00\($0)-augmented.wav", "00\($0)-clean.wav"] }
        #expect(files == names + ["pairs.tsv"])
        for file in files {
          let contents = ["one", "two"].map { FileManager.default.contents(atPath: run.path("\($0)/\(file)")) }
          #expect(contents[0] == contents[1])
        }
        let clean = try Waveform.read(path: run.path("one/001-clean.wav"))
        let augmented = try Waveform.read(path: run.path("one/001-augmented.wav"))
        #expect(clean.count == 6400 && augmented.count == 6400 && clean != augmented)
        let lines = try String(contentsOfFile: run.path("one/pairs.tsv"), encoding: .utf8).split(separator: "\n")
          .map { $0.split(separator: "\t", omittingEmptySubsequences: false) }
        #expect(lines.count == 6 && lines.allSatisfy { $0.count == 12 })
        for line in lines.dropFirst() {
          #expect(line[4] == "1" && line[6] == "noise" && line[8].hasSuffix(".wav") && line[9] == "gsm", "\(line)")
        }
      }
    }

    @Test func `a speed as a speaker of its own is told and heard, and a file that cannot be read is replaced`() throws
    {
      try SmallRun.with { run in
        try run.spoil("s1-u1", .missing)
        // Utterances as long as the crops: both begin at their beginning.
        let settings = [
          "augmentation.speed={factors: [0.9, 1, 1.1], asSpeakers: true}", "augmentation.volume.probability=1",
          "crop.seconds=2",
          "batch.speakers=12",
        ]
        let outcome = try svdist(arguments(run, settings, into: "heard") + ["--count", "40"])
        #expect(outcome.status == 0, "\(outcome.errors)")
        let lines = try String(contentsOfFile: run.path("heard/pairs.tsv"), encoding: .utf8).split(separator: "\n")
          .dropFirst().map { $0.split(separator: "\t", omittingEmptySubsequences: false).map(String.init) }
        #expect(Set(lines.map { $0[5] }) == ["0.9", "1.0", "1.1"])
        #expect(lines.allSatisfy { $0[5] == "1.0" ? !$0[1].contains("@") : $0[1].hasSuffix("@" + $0[5]) })
        #expect(!lines.contains { $0[1].hasPrefix("s1-u1") })
        let line = try #require(lines.first { $0[5] == "0.9" })
        let recorded = try Waveform.read(path: run.path("corpus/\(line[1].split(separator: "@")[0]).wav"))
        let clean = try Waveform.read(path: run.path("heard/\(line[0])-clean.wav"))
        let count = min(recorded.count, clean.count, 6000)
        #expect(zip(recorded.prefix(count), clean.prefix(count)).allSatisfy { abs($0 - $1) < 1e-3 })
      }
    }

    @Test func `each step's crops have the length that is drawn for it`() throws {
      try SmallRun.with { run in
        let settings = ["crop.seconds=0.3", "crop.maximumSeconds=0.7", "augmentation.volume.probability=1"]
        let outcome = try svdist(arguments(run, settings, into: "heard") + ["--count", "20"])
        #expect(outcome.status == 0, "\(outcome.errors)")
        let lengths = CropLengths(0.3...0.7, seed: Configuration().seed)
        // Three speakers with two utterances each, the second view of each augmented.
        let wanted = (0..<20).map { Int((16_000 * lengths.seconds(step: $0 / 6)).rounded()) }
        for kind in ["clean", "augmented"] {
          let counts = try (1...20).map {
            try Waveform.read(path: run.path("heard/\(String(format: "%03d", $0))-\(kind).wav")).count
          }
          #expect(counts == wanted && Set(counts).count > 1, "\(counts)")
        }
      }
    }

    @Test func `svdist prepare --listen writes what svdist listen would of its output`() throws {
      try SmallRun.with { run in
        let settings = augmented.flatMap { ["--set", $0] }
        let prepare = ["prepare", run.corpus.path, "-o", run.path("data"), "--hold-out", "2", "--trials", "4"]
        let outcome = try svdist(prepare + ["--listen", "3"] + settings)
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.output.hasSuffix("data/listen: 3 pairs, and pairs.tsv, which says what was done to each\n"))
        let listen = try svdist(
          ["listen", "-o", run.path("heard"), "--count", "3", "--set", "corpus.train=\(run.path("data/train"))"]
            + settings)
        #expect(listen.status == 0, "\(listen.errors)")
        let names = try FileManager.default.contentsOfDirectory(atPath: run.path("heard")).sorted()
        #expect(names.count == 7)
        #expect(try FileManager.default.contentsOfDirectory(atPath: run.path("data/listen")).sorted() == names)
        for name in names {
          let contents = ["heard", "data/listen"].map {
            FileManager.default.contents(atPath: run.path("\($0)/\(name)"))
          }
          #expect(contents[0] == contents[1], "\(name)")
        }
        #expect(try svdist(prepare + ["--overwrite"]).status == 0)
        #expect(!FileManager.default.fileExists(atPath: run.path("data/listen")))
      }
    }

    @Test func `svdist prepare --listen is refused before anything is prepared`() throws {
      try SmallRun.with(speakers: 2, utterances: 2) { run in
        let prepare = ["prepare", run.corpus.path, "-o", run.path("data")]
        expectRefusal(try svdist(prepare + ["--listen", "3"]), 64, "no view is augmented")
        expectRefusal(
          try svdist(prepare + ["--listen", "3", "--set", "augmentation.noise=\(run.path("nowhere"))"]), 64,
          "augmentation.noise: \(run.path("nowhere"))")
        for (options, message) in [
          (["--listen", "0"], "--listen: 1 to 1000 pairs, found 0"),
          (["--set", "seed=2"], "--config and --set say how --listen augments"),
        ] {
          let outcome = try svdist(prepare + options)
          #expect(outcome.status == 64 && outcome.errors.contains(message), "\(outcome.errors)")
        }
        #expect(!FileManager.default.fileExists(atPath: run.path("data")))
      }
    }

    @Test func `without augmentation there is nothing to hear`() throws {
      try SmallRun.with { run in
        expectRefusal(try svdist(arguments(run, [], into: "none")), 64, "no view is augmented")
        #expect(!FileManager.default.fileExists(atPath: run.path("none")))
      }
    }
  }
}
