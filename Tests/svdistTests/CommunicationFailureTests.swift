import DistTrain
import Testing

/// A job of several ranks ends in one way when one of them goes wrong.
@Suite(.serialized) struct CommunicationFailureTests {
  private func probe(_ way: String, rank: Int, ranks: Int = 3, heldIn function: String? = nil) throws -> Outcome {
    var environment: [String: String] = [:]
    if let function {
      environment["LD_PRELOAD"] = try Program.path(of: "libFaultyMPI.so")
      environment["SVDIST_FAULT_MPI"] = function
      environment["SVDIST_FAULT_RANK"] = "\(rank)"
    }
    return try Program(
      "CommunicationProbe", [way, "\(rank)"], environment: environment, ranks: ranks, limit: 60
    ).finish()
  }

  @Test(arguments: 1...4) func `Nothing wrong is status 0 and no line`(ranks: Int) throws {
    let launch = try probe("none", rank: 0, ranks: ranks)
    #expect(launch.status == 0)
    #expect(launch.errors.isEmpty)
  }

  @Test func `Without a launcher the program is one rank and its failure has no rank`() throws {
    let launch = try Program("CommunicationProbe", ["throw", "0"]).finish()
    #expect(launch.status == 65)
    #expect(launch.errors == "svdist: a.wav ends after 3 of 9 frames: copy it again\n")
  }

  @Test func `A library of another MPI than the program is built with is one line that names both`() throws {
    let isOpen = try svdist(["doctor", "--seconds", "0.02"]).output.contains("1 rank on 1 host; Open MPI")
    let other = isOpen ? "MPICH Version:      4.0.2\nMPICH Release date: never" : "Open MPI v4.1.4, package: none"
    let launch = try Program(
      "CommunicationProbe", ["none", "0"],
      environment: ["LD_PRELOAD": try Program.path(of: "libFaultyMPI.so"), "SVDIST_FAULT_LIBRARY": other],
      ranks: 2, limit: 60
    ).finish()
    let (built, found) = isOpen ? ("Open MPI", "MPICH 4.0.2") : ("MPICH", "Open MPI v4.1.4")
    expectRefusal(
      launch, 1, "this program is built with \(built)", "the MPI library found at its start is \(found)",
      underLauncher: true)
  }

  @Test(arguments: 0..<3) func `A rank that throws ends the job with its status, rank, host and cause`(rank: Int) throws
  {
    let launch = try probe("throw", rank: rank)
    #expect(launch.status == 65)
    #expect(launch.complaints.count == 1)
    let line = launch.complaints.first ?? ""
    #expect(line.hasPrefix("svdist: rank \(rank) on "))
    #expect(line.hasSuffix(": a.wav ends after 3 of 9 frames: copy it again"))
  }

  @Test(arguments: 0..<3) func `A failure that ranks agree on is the line of the rank that failed`(rank: Int) throws {
    let launch = try probe("agree", rank: rank)
    #expect(launch.status == 65)
    #expect(launch.complaints.count == 1)
    #expect(launch.complaints.first?.hasPrefix("svdist: rank \(rank) on ") == true)
  }

  @Test func `A failure of all ranks is one line`() throws {
    let launch = try probe("agree-all", rank: 0)
    #expect(launch.status == 64)
    #expect(launch.complaints == ["svdist: unknown setting crop.second"])
  }

  @Test(arguments: 0..<3) func `A rank that hangs is named by the lowest that waits`(rank: Int) throws {
    let launch = try probe("hang", rank: rank)
    #expect(launch.status == 1)
    #expect(launch.complaints.count == 1)
    let line = launch.complaints.first ?? ""
    #expect(line.hasPrefix("svdist: rank \(rank == 0 ? 1 : 0) on "))
    #expect(line.contains("waited 2 s in sum of 100000 floats (operation 4); missing: rank \(rank) on "))
  }

  @Test(arguments: ["hang-started", "hang-before-start"], 0..<3)
  func `A rank that leaves a started sum alone is named by the lowest that waits`(way: String, rank: Int) throws {
    let launch = try probe(way, rank: rank)
    #expect(launch.status == 1)
    #expect(launch.complaints.count == 1)
    let line = launch.complaints.first ?? ""
    #expect(line.hasPrefix("svdist: rank \(rank == 0 ? 1 : 0) on "))
    #expect(line.contains("waited 2 s in sum of 100000 floats (operation 4); missing: rank \(rank) on "))
  }

  @Test func `Ranks that wait for each other are named with what they wait for`() throws {
    let launch = try probe("wander", rank: 1, ranks: 2)
    #expect(launch.status == 1)
    #expect(launch.complaints.count == 1)
    let line = launch.complaints.first ?? ""
    #expect(line.contains("waited 2 s in broadcast of 8 bytes from rank 1 (operation 4); elsewhere: rank 1 on "))
    #expect(line.hasSuffix(" in broadcast of 8 bytes from rank 0 (operation 4)"))
  }

  /// MPICH 5.0.2 takes messages of a non-blocking collective operation that are too long without an error, and cuts them.
  @Test(
    .enabled(if: Job.library.hasPrefix("Open MPI"), "only Open MPI tells"),
    arguments: [
      ("stray", "operation 4"), ("miscount", "sum of 10 floats (operation 4)"),
      ("miscount-started", "sum of 10 floats (operation 4)"),
    ])
  func `Ranks whose messages do not fit end the job with the operation's name`(way: String, name: String) throws {
    let launch = try probe(way, rank: 1, ranks: 2)
    #expect(launch.status == 1)
    #expect(launch.complaints.contains { $0.contains(" failed in ") && $0.contains(name) })
  }

  @Test(arguments: ["kill", "kill-started"]) func `A rank that is killed ends the job`(way: String) throws {
    let launch = try probe(way, rank: 1)
    // MPICH's mpirun gives the signal's number.
    #expect([137, 9].contains(launch.status), "\(launch.status)")
  }

  @Test func `Ranks that are done do not wait for ever for one that does not end`() throws {
    let launch = try probe("stay", rank: 1, ranks: 2)
    #expect(launch.status == 1)
    #expect(launch.complaints.count == 1)
    #expect(launch.complaints.first?.hasSuffix(" is done and waited 2 s for the others to end") == true)
  }

  @Test func `Ranks that are done and asked to stop wait some seconds only`() throws {
    let launch = try probe("stay-asked", rank: 1, ranks: 2)
    #expect(launch.status == 1)
    #expect(launch.complaints.count == 1)
    #expect(launch.complaints.first?.hasSuffix(" is done and waited 10 s for the others to end") == true)
  }

  @Test func `A rank that does not even start ends the others`() throws {
    let others = ["none", "0", ":", "-n", "1", "/bin/sleep", "3600"]
    let launch = try Program("CommunicationProbe", others, ranks: 1, limit: 60).finish()
    #expect(launch.status == 1)
    #expect(launch.complaints.count == 1)
    #expect(launch.complaints.first?.hasSuffix(" waited 2 s for all ranks to start: one does not answer") == true)
  }

  @Test(arguments: [("MPI_Comm_dup", "start"), ("MPI_Finalize", "end")], 0...1)
  func `A rank that is stopped within MPI's own start or end ends the others`(
    stop: (function: String, verb: String), rank: Int
  ) throws {
    let launch = try probe("none", rank: rank, ranks: 2, heldIn: stop.function)
    #expect(launch.status == 1)
    let end = " waited 2 s for all ranks to \(stop.verb): one does not answer"
    // On a busy machine the stopped one may have waited nearly as long before.
    #expect((1...2).contains(launch.complaints.count), "\(launch.errors)")
    #expect(launch.complaints.allSatisfy { $0.hasSuffix(end) }, "\(launch.errors)")
  }

  @Test func `A rank whose launcher does not answer leaves alone`() throws {
    let launch = try probe("throw", rank: 0, ranks: 1, heldIn: "MPI_Abort")
    #expect(launch.status == 65)
    #expect(launch.complaints.count == 1)
  }

  @Test func `A rank that exits with an error takes the others with it`() throws {
    let launch = try probe("exit", rank: 1)
    #expect(launch.status == 3)
  }
}
