import DistTrain
import Foundation
import TestCorpora
import Testing

extension ProgramTests {
  /// Input that is wrong before the first step gets one line and the right status, and leaves nothing half-written.
  @Suite struct BadInputTests {
    @Test func `an empty folder as the corpus is named with what it should hold`() throws {
      try withTemporaryFolder { folder in
        let empty = folder.appending(path: "empty")
        try FileManager.default.createDirectory(at: empty, withIntermediateDirectories: true)
        let run = SmallRun(folder: folder)
        for ranks in [nil, 2] {
          let outcome = try svdist(run.arguments(steps: 2, ["corpus.train=\(empty.path)"]), mpi: ranks)
          expectRefusal(
            outcome, 65, "\(empty.path)/wav.scp: no such file", "svdist prepare", underLauncher: ranks != nil)
          #expect(!FileManager.default.fileExists(atPath: run.path("run")))
        }
        expectRefusal(
          try svdist(["prepare", empty.path, "--output", run.path("out")]), 65, empty.path, "holds no files", "flac")
        #expect(!FileManager.default.fileExists(atPath: run.path("out")))
      }
    }

    @Test func `one speaker is too few, under two ranks as well`() throws {
      try SmallRun.with(speakers: 1) { run in
        for ranks in [nil, 2] {
          let outcome = try svdist(run.arguments(steps: 2), mpi: ranks)
          expectRefusal(outcome, 65, "one speaker, 's0'", "at least 2", underLauncher: ranks != nil)
        }
        #expect(!FileManager.default.fileExists(atPath: run.path("run")))
      }
    }

    @Test func `a corpus of fewer speakers or utterances than a batch asks for says which setting to lower`() throws {
      try SmallRun.with(speakers: 3, utterances: 1) { run in
        expectRefusal(
          try svdist(run.arguments(steps: 2)), 65, "speaker 's0'", "1 utterance", "batch.utterances asks for 2",
          "--minimum-utterances 2")
        expectRefusal(
          try svdist(run.arguments(steps: 2, ["batch.speakers=7"]), mpi: 2), 65, "has 3 speakers",
          "batch.speakers asks for 7", "set it to 3", underLauncher: true)
      }
      try SmallRun.with(speakers: 3, utterances: 3) { run in
        expectRefusal(
          try svdist(run.arguments(steps: 2, ["batch.utterances=4"])), 65, "speaker 's0'", "and 2 more",
          "has 3 utterances", "batch.utterances asks for 4")
        #expect(!FileManager.default.fileExists(atPath: run.path("run")))
      }
    }

    @Test func `one utterance a speaker trains where the views are the positives`() throws {
      try SmallRun.with(speakers: 3, utterances: 1) { run in
        let outcome = try svdist(run.arguments(steps: 2, ["batch.utterances=1"]))
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(run.metrics().count == 2)
      }
    }

    @Test func `more ranks than rows are refused with the number to start`() throws {
      try SmallRun.with { run in
        let settings = [
          "batch.speakers=2", "batch.utterances=1", "batch.views=1", "batch.unit=1", "views.augmented=[false]",
        ]
        let outcome = try svdist(run.arguments(steps: 2, settings), mpi: 3)
        expectRefusal(outcome, 64, "3 ranks", "2 rows", "at most 2", underLauncher: true)
        #expect(!FileManager.default.fileExists(atPath: run.path("run")))
        let fitting = try svdist(run.arguments(steps: 2, settings), mpi: 2)
        #expect(fitting.status == 0, "\(fitting.errors)")
      }
    }

    @Test func `a missing corpus and another number of ranks than expected are wrong usage`() throws {
      try SmallRun.with { run in
        expectRefusal(
          try svdist(["--run-dir", run.path("run")]), 64, "corpus.train: not set", "--set corpus.train=DIR")
        let arguments = run.arguments(steps: 2, options: ["--expect-ranks", "2"])
        expectRefusal(try svdist(arguments), 64, "--expect-ranks 2", "started 1", "mpirun")
        expectRefusal(try svdist(arguments, mpi: 3), 64, "--expect-ranks 2", "started 3", underLauncher: true)
        #expect(try svdist(arguments, mpi: 2).status == 0)
      }
    }

    @Test func `a trial of an unknown utterance is named with its line, before anything is computed`() throws {
      try SmallRun.with { run in
        try "s0-u0 s0-u1 target\n\ns0-u0 s9-u9 nontarget\n".write(
          toFile: run.path("trials"), atomically: true, encoding: .utf8)
        let settings = ["corpus.evaluation=\(run.corpus.path)", "corpus.trials=\(run.path("trials"))"]
        for ranks in [nil, 2] {
          let outcome = try svdist(run.arguments(steps: 2, settings), mpi: ranks)
          expectRefusal(
            outcome, 65, "\(run.path("trials")), line 3: utterance s9-u9", "not in the corpus",
            underLauncher: ranks != nil)
        }
        #expect(!FileManager.default.fileExists(atPath: run.path("run")))
        #expect(try svdist(run.arguments(steps: 1)).status == 0)
        let evaluation = ["evaluate", "--encoder", run.path("run"), "--trials", run.path("trials")]
        for ranks in [nil, 2] {
          expectRefusal(
            try svdist(evaluation + ["--corpus", run.corpus.path], mpi: ranks), 65,
            "\(run.path("trials")), line 3: utterance s9-u9", underLauncher: ranks != nil)
        }
      }
    }

    @Test(arguments: [nil, 2]) func `a run folder that cannot be made is named`(ranks: Int?) throws {
      try SmallRun.with { run in
        try "a file".write(toFile: run.path("file"), atomically: true, encoding: .utf8)
        for (place, status) in [("file", 64), ("file/run", 1)] {
          let outcome = try svdist(run.arguments(steps: 2, into: place), mpi: ranks)
          expectRefusal(
            outcome, Int32(status), "the run folder \(run.path(place))", "is a file", "--run-dir",
            underLauncher: ranks != nil)
        }
        let arguments = run.arguments(steps: 2).map { $0 == run.path("run") ? "/proc/svdist" : $0 }
        expectRefusal(
          try svdist(arguments, mpi: ranks), 1, "the run folder /proc/svdist", "--run-dir", underLauncher: ranks != nil)
        #expect(try String(contentsOfFile: run.path("file"), encoding: .utf8) == "a file")
      }
    }

    @Test func `a wrong command line is said by one of two ranks`() throws {
      let outcome = try svdist(["--run-dir", "x", "--thread", "2"], mpi: 2)
      #expect(outcome.status == 64)
      let lines = outcome.errors.split(separator: "\n")
      #expect(
        lines.count { $0 == "svdist: unknown option --thread of svdist train: did you mean --threads?" } == 1,
        "\(outcome.errors)")
      let mistyped = try svdist(["trian", "--run-dir", "x"])
      #expect(mistyped.status == 64)
      #expect(
        mistyped.errors.hasPrefix(
          "svdist: unknown command 'trian': did you mean train? The commands are train, launch, prepare, embed, "))
      let help = try svdist(["--help"], mpi: 2)
      #expect(help.status == 0)
      #expect(help.output.components(separatedBy: "USAGE:").count == 2, "\(help.output)")
      let configuration = try svdist(["config"], mpi: 2)
      #expect(configuration.output.components(separatedBy: "seed: 1").count == 2, "\(configuration.output)")
    }
  }
}
