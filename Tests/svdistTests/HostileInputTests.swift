import DistTrain
import Foundation
import TestCorpora
import Testing

extension ProgramTests {
  /// A stranger's files, and options and settings without sense, end in a result, or in one line and the right status,
  /// but in no signal and no machine without memory.
  @Suite struct HostileInputTests {
    private static let prepare = ["prepare", "/nowhere", "-o", "/nowhere/out"]

    static let options: [(command: [String], options: [String])] = [
      (
        ["--run-dir", "/nowhere/run"],
        ["--threads", "--readers", "--expect-ranks", "--log-every", "--timeout", "--max-bad-fraction", "--stop-before"]
      ),
      (["doctor"], ["--threads", "--seconds"]),
      (
        prepare,
        [
          "--minimum-seconds", "--maximum-seconds", "--minimum-utterances", "--join-shorter-than", "--command-seconds",
          "--utterances-per-shard", "--hold-out", "--trials", "--listen",
        ]
      ),
      (prepare + ["--trim-silence"], ["--vad-energy-threshold", "--vad-energy-mean-scale", "--longest-pause"]),
      (["listen", "-o", "/nowhere/out"], ["--count"]), (["init", "/nowhere"], ["--ranks"]),
    ]

    @Test(arguments: options.indices) func `a number that no option means is wrong usage`(index: Int) throws {
      let (command, options) = Self.options[index]
      for option in options {
        for number in ["1e308", "9223372036854775807", "nan"] {
          let outcome = try svdist(command + ["\(option)=\(number)"])
          #expect(outcome.status == 64 && outcome.errors.contains(option), "\(option)=\(number): \(outcome.errors)")
        }
      }
    }

    @Test func `a batch whose features no memory holds is refused`() throws {
      try SmallRun.with { run in
        let views = 100_000
        let augmented = [String](repeating: "true", count: views).joined(separator: ", ")
        let text = "batch: {views: \(views)}\nviews: {augmented: [\(augmented)]}\n"
        try text.write(toFile: run.path("c.yaml"), atomically: true, encoding: .utf8)
        let arguments = run.arguments(steps: 1, ["crop.seconds=60", "features.bins=128"])
        expectRefusal(
          try svdist(arguments + ["--config", run.path("c.yaml")]), 64,
          "the features of a batch of 600000 rows on 1 rank", "lower batch.speakers")
      }
    }

    @Test func `sound far beyond full scale is clipped where it is written with 16 bits`() throws {
      try SmallRun.with(speakers: 2, utterances: 2) { run in
        for name in ["s0-u0", "s0-u1", "s1-u0"] {
          try OverflowingRecording.write(to: run.corpus.appending(path: "\(name).wav"), loudSeconds: 0.2)
        }
        for (name, options) in [("joined", ["--join-shorter-than", "1"]), ("shards", ["--shards", "--decoded"])] {
          let outcome = try svdist(["prepare", run.corpus.path, "-o", run.path(name)] + options)
          #expect(outcome.status == 0, "\(outcome.errors)")
          #expect(
            outcome.output.contains(" in \(name == "joined" ? 2 : 3) recordings (the first: s"), "\(outcome.output)"
          )
          let corpus = try Corpus.open(run.path(name))
          let samples = try Waveform.read(path: corpus.utterances[0].path)
          #expect(samples.contains(-1) && samples.allSatisfy { (-1...1).contains($0) })
        }
      }
    }

    @Test(arguments: [
      (["encoder.channels": "9223372036854775800"], "encoder.channels"),
      (["encoder.aggregation": "9223372036854775807"], "encoder.aggregation"),
      (["encoder.embedding": "1e308"], "encoder.embedding"), (["features.bins": "-1"], "features.bins"),
      (
        ["encoder.channels": "4096", "encoder.aggregation": "16384"],
        "layer1.conv.weight has shape [8, 80, 5], but the sizes in the file's metadata require [4096, 80, 5]"
      ),
    ])
    func `a model file's sizes are held against its header`(sizes: [String: String], message: String) throws {
      try SmallRun.with(speakers: 1, utterances: 2) { run in
        let model = run.path("model.safetensors")
        let metadata = sizes.merging(["encoder.type": "ecapa-tdnn"]) { $1 }
        let weight = NamedTensor(
          name: "layer1.conv.weight", shape: [8, 80, 5], values: [Float](repeating: 0, count: 8 * 80 * 5))
        try SafetensorsFile.write([weight], metadata: metadata, to: model)
        let recordings = ["s0-u0", "s0-u1"].map { run.corpus.appending(path: "\($0).wav").path }
        expectRefusal(try svdist(["verify", "--encoder", model] + recordings), 65, model, message)
      }
    }

    @Test func `the corpus's other speakers babble in what is written to hear`() throws {
      try SmallRun.with { run in
        let settings = [
          "crop.seconds=0.4", "batch.speakers=3", "augmentation={babble: {corpus: true}, probability: 1}",
        ].flatMap { ["--set", $0] }
        let prepare = ["prepare", run.corpus.path, "-o", run.path("data"), "--listen", "5"] + settings
        let listen =
          [
            "listen", "-o", run.path("heard"), "--count", "5", "--set", "corpus.train=\(run.corpus.path)",
          ] + settings
        for (arguments, table) in [(prepare, "data/listen/pairs.tsv"), (listen, "heard/pairs.tsv")] {
          let outcome = try svdist(arguments)
          #expect(outcome.status == 0, "\(outcome.errors)")
          for line in try String(contentsOfFile: run.path(table), encoding: .utf8).split(separator: "\n").dropFirst() {
            let fields = line.split(separator: "\t", omittingEmptySubsequences: false)
            #expect(fields[6] == "babble" && !fields[8].contains("/\(fields[2])-"), "\(line)")
          }
        }
      }
    }

    @Test func `one recorded speaker at several speeds is heard and trained on, and has nobody to babble`() throws {
      try SmallRun.with(speakers: 1) { run in
        let settings = [
          "augmentation.speed={factors: [0.9, 1, 1.1], asSpeakers: true}", "augmentation.volume.probability=1",
        ]
        let train = run.arguments(steps: 1, settings)
        let listen =
          ["listen", "-o", run.path("heard"), "--count", "3"]
          + (["corpus.train=\(run.corpus.path)", "crop.seconds=0.4", "batch.speakers=3"] + settings).flatMap {
            ["--set", $0]
          }
        for arguments in [train, listen] {
          expectRefusal(
            try svdist(arguments + ["--set", "augmentation.babble.corpus=true"]), 64,
            "augmentation.babble.corpus: babble is of other speakers, and the corpus has one, 's0'")
          let outcome = try svdist(arguments)
          #expect(outcome.status == 0, "\(outcome.errors)")
        }
      }
    }
  }
}
