import DistTrain
import Foundation
import TestCorpora
import Testing

extension ProgramTests {
  /// svdist launch: mpirun out of the terminal's reach, and what signals do to it.
  @Suite struct LaunchTests {
    private static let launch = ["launch", "-np", "2", "--"]

    private func launch(
      _ run: SmallRun, steps: Int, _ settings: [String] = [], ignoring ignored: [String] = [],
      environment: [String: String] = [:]
    ) throws -> Program {
      try Program(
        "svdist", Self.launch + run.arguments(steps: steps, settings), environment: environment, ignoring: ignored)
    }

    /// The environment in which a library takes signals as it is loaded, as those do that Open MPI 5 brings along.
    private static func takenSignals() throws -> [String: String] {
      ["LD_PRELOAD": try Program.path(of: "libTakenSignals.so")]
    }

    @Test(arguments: [SIGINT, SIGTERM, SIGHUP, SIGUSR1])
    func `a signal to launch leaves a checkpoint of the last step of two ranks, and the run goes on`(signal: Int32)
      throws
    {
      try SmallRun.with { run in
        let program = try launch(run, steps: 60)
        try program.wait { run.metrics().count >= 4 }
        // What a terminal sends to its session does not reach ranks.
        let rank = try #require(program.process(ofRank: 0))
        #expect(getsid(rank) != getsid(getpid()))
        program.send(signal)
        let outcome = try program.finish()
        #expect(outcome.status == 75, "\(outcome.errors)")
        let step = try #require(run.metrics().last?.step)
        #expect(step < 60 && run.checkpoints() == [step])
        #expect(outcome.output.contains("stopped by SIGUSR1 after step \(step)"))
        #expect(outcome.errors.contains("stopping after this step") == (signal == SIGINT))
        let resumed = try launch(run, steps: 60).finish()
        #expect(resumed.status == 0 && resumed.output.contains("resuming from step \(step)"), "\(resumed.errors)")
        #expect(run.metrics().map(\.step) == Array(1...60))
      }
    }

    @Test(arguments: [[SIGINT, SIGINT], [SIGQUIT], [SIGINT, SIGQUIT]])
    func `a second SIGINT and SIGQUIT to launch end all ranks at once`(signals: [Int32]) throws {
      try SmallRun.with { run in
        let program = try launch(run, steps: 60, ["encoder.channels=512", "crop.seconds=20"])
        try program.wait { program.output.contains("2 ranks on 1 host") }
        for signal in signals.dropLast() {
          program.send(signal)
          try program.wait { program.errors.contains("stopping after this step") }
        }
        program.send(signals[signals.count - 1])
        try program.wait { false }
        // What the kernel takes back of a killed process takes moments.
        let start = ContinuousClock.now
        while (0...1).contains(where: { program.process(ofRank: $0) != nil }), start.duration(to: .now) < .seconds(10) {
          usleep(10_000)
        }
        #expect((0...1).allSatisfy { program.process(ofRank: $0) == nil })
        #expect(try program.finish().status != 0)
        #expect(run.checkpoints().isEmpty)
      }
    }

    @Test(arguments: [0, 30_000, 60_000, 100_000, 150_000, 250_000, 400_000])
    func `a request to stop while mpirun starts is not lost`(microseconds: Int) throws {
      try SmallRun.with { run in
        let program = try launch(run, steps: 100_000)
        try program.wait { program.process(having: ["SVDIST_LAUNCH=1"]) != nil }
        usleep(UInt32(microseconds))
        program.send(SIGTERM)
        let outcome = try program.finish()
        #expect(outcome.status == 75, "\(outcome.errors)")
        #expect(run.checkpoints().last == run.metrics().last?.step)
        #expect(run.leftovers().isEmpty)
      }
    }

    /// Starts launch with a script of the shell in mpirun's place, and waits until it says `ready`.
    private func launch(script: String, in folder: URL) throws -> Program {
      let mpirun = folder.appending(path: "mpirun")
      try "#!/bin/sh\n\(script)\necho ready\nwhile :; do sleep 0.05; done\n".write(
        to: mpirun, atomically: true, encoding: .utf8)
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: mpirun.path)
      let program = try Program(
        "svdist", ["launch", "-np", "2", "--", "--run-dir", "x"], environment: ["PATH": "\(folder.path):/usr/bin:/bin"])
      try program.wait { program.output.contains("ready") }
      return program
    }

    @Test func `one request is repeated until mpirun ends`() throws {
      try withTemporaryFolder { folder in
        let program = try launch(
          script: "count=0; trap 'count=$((count + 1)); echo \"asked $count\"; [ $count -lt 3 ] || exit 75' USR1",
          in: folder)
        program.send(SIGTERM)
        let outcome = try program.finish()
        #expect(outcome.status == 75 && outcome.output.contains("asked 3"), "\(outcome.errors)")
      }
    }

    @Test(arguments: [
      ("trap - USR1; kill -USR1 $$", 75), ("kill -TERM $$", 75), ("exit 138", 75), ("exit 143", 75), ("exit 75", 75),
      // MPICH's mpirun gives the signal's number.
      ("exit 10", 75), ("exit 15", 75),
      ("exit 137", 137), ("exit 65", 65), ("exit 0", 0),
    ])
    func `what dies of the request has stopped, and any other end keeps its status`(end: String, status: Int) throws {
      try withTemporaryFolder { folder in
        let program = try launch(script: "trap '\(end)' USR1", in: folder)
        program.send(SIGHUP)
        let outcome = try program.finish()
        #expect(Int(outcome.status) == status, "\(outcome.errors)")
        let isTold = outcome.complaints.contains { $0.contains("run the same command again") }
        #expect(isTold == (status == 75 && end != "exit 75"), "\(outcome.errors)")
      }
    }

    @Test func `the end of ranks that nobody asked to stop, or that were to end at once, is no stop`() throws {
      try withTemporaryFolder { folder in
        let alone = try launch(script: "exit 138", in: folder).finish()
        #expect(alone.status == 138 && alone.complaints.isEmpty, "\(alone.errors)")
        let urgent = try launch(script: "trap 'echo asked' USR1; trap 'exit 143' TERM", in: folder)
        urgent.send(SIGINT)
        try urgent.wait { urgent.output.contains("asked") }
        urgent.send(SIGINT)
        #expect(try urgent.finish().status == 143)
      }
    }

    @Test(arguments: [("exit 139", "mpirun was ended by signal 11"), ("", "mpirun does not end: it is killed")])
    func `an mpirun that crashes or hangs as it is to end at once is told`(end: String, line: String) throws {
      try withTemporaryFolder { folder in
        let program = try launch(script: "trap 'echo asked' USR1; trap '\(end)' TERM", in: folder)
        program.send(SIGINT)
        try program.wait { program.output.contains("asked") }
        program.send(SIGINT)
        let outcome = try program.finish()
        #expect(outcome.status == 1 && outcome.complaints.contains { $0.contains(line) }, "\(outcome.errors)")
      }
    }

    @Test func `MPICH's mpirun, which would pass TERM on, is sent QUIT where ranks are to end at once`() throws {
      try withTemporaryFolder { folder in
        let helper = folder.appending(path: "hydra_pmi_proxy").path
        let program = try launch(
          script: "cp /bin/sleep \(helper); \(helper) 60 & "
            + "trap 'echo asked' USR1; trap 'exit 9' TERM; trap 'kill $!; exit 3' QUIT", in: folder)
        program.send(SIGINT)
        try program.wait { program.output.contains("asked") }
        program.send(SIGINT)
        #expect(try program.finish().status == 1)
      }
    }

    @Test(arguments: [("HUP", SIGHUP, false), ("HUP", SIGHUP, true), ("INT", SIGINT, true), ("QUIT", SIGQUIT, true)])
    func `a signal that launch was started to outlive stops nothing`(name: String, signal: Int32, isTaken: Bool) throws
    {
      try SmallRun.with { run in
        let environment = isTaken ? try Self.takenSignals() : [:]
        let program = try launch(run, steps: 100_000, ignoring: [name], environment: environment)
        try program.wait { run.metrics().count >= 4 }
        program.send(signal)
        let count = run.metrics().count
        try program.wait { run.metrics().count >= count + 100 }
        program.send(SIGUSR1)
        let outcome = try program.finish()
        #expect(outcome.status == 75 && run.metrics().count >= count + 100, "\(outcome.errors)")
        #expect(!outcome.errors.contains("stopping after this step"))
      }
    }

    @Test(arguments: [SIGHUP, SIGUSR2])
    func `a signal that a run does not answer ends it, though a library took it`(signal: Int32) throws {
      try SmallRun.with { run in
        let program = try Program(
          "svdist", run.arguments(steps: 100_000, []), environment: try Self.takenSignals())
        try program.wait { run.metrics().count >= 2 }
        program.send(signal)
        #expect(try program.finish().status == 128 + signal)
      }
    }

    @Test func `launch tells how its ranks ended where its parent ignores the ends of children`() throws {
      try SmallRun.with { run in
        let outcome = try launch(run, steps: 2, ignoring: ["CHLD"]).finish()
        #expect(outcome.status == 0 && run.metrics().map(\.step) == [1, 2], "\(outcome.errors)")
        #expect(try launch(run, steps: 2, ["seed=x"], ignoring: ["CHLD"]).finish().status == 64)
      }
    }

    @Test(arguments: [SIGINT, SIGHUP]) func `ranks that do not train end at once, and no checkpoint is promised`(
      signal: Int32
    ) throws {
      try SmallRun.with { run in
        // So wide that its ranks embed for half a minute: the signal comes long before they could be done.
        #expect(try svdist(run.arguments(steps: 1, ["encoder.channels=1024"])).status == 0)
        let corpus = run.folder.appending(path: "long")
        try GeneratedCorpus.write(to: corpus, speakers: 3, utterances: 40, seconds: 4)
        let embed = ["embed", "--encoder", run.path("run"), "--corpus", corpus.path, "--output", run.path("e.txt")]
        let program = try Program("svdist", Self.launch + embed)
        try program.wait { program.process(ofRank: 1) != nil }
        program.send(signal)
        let outcome = try program.finish()
        #expect(outcome.status != 0, "\(outcome.errors)")
        #expect(outcome.complaints.count <= 1 && run.leftovers().isEmpty, "\(outcome.errors)")
        #expect(!outcome.errors.contains("stopping after this step") && !outcome.errors.contains("User defined signal"))
        #expect(!FileManager.default.fileExists(atPath: run.path("e.txt")))
      }
    }

    @Test func `launch passes on the status of its ranks, and says what it expects`() throws {
      try SmallRun.with { run in
        let wrong = try launch(run, steps: 2, ["seed=x"]).finish()
        #expect(wrong.status == 64 && wrong.complaints.count == 1, "\(wrong.errors)")
        for arguments in [["launch"], ["launch", "-np", "2"], ["launch", "-np", "2", "--"]] {
          let outcome = try svdist(arguments)
          #expect(outcome.status == 64 && outcome.errors.contains("expected mpirun's options, --"), "\(outcome.errors)")
        }
        let absent = try svdist(["launch", "-np", "2", "--", "config"], environment: ["PATH": "/none"])
        expectRefusal(absent, 1, "cannot start mpirun")
      }
    }
  }
}
