import ArgumentParser
import DistTrain
import Foundation

/// `svdist plan`: how long a training would take on more ranks than there are here.
struct PlanCommand: RanksCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan",
    abstract: "Says how long a training would take on other numbers of ranks.",
    discussion: """
      svdist plan --config c.yaml --speakers 5994 --ranks 8 64 256 --per-host 32 --bandwidth 25

      It computes the step of one of so many ranks on this machine, on random features, records what that rank would \
      send and foretells how long that takes between hosts of the given latency and bandwidth. A line for each number \
      of ranks has the rows of a rank, the time of a step in its parts (computing; waiting for batch statistics and \
      embeddings; waiting for sums of gradients that computation does not hide), the share of it in which ranks \
      compute, the memory of a rank in GB, and the time of the whole training. Reading recordings, evaluations and \
      checkpoints are left out.

      The ranks of one host share its memory's bandwidth. Start as many as it will have under mpirun, mpirun -np 32 \
      svdist plan …, and they compute at once, as they would there; the slowest counts. --speed is the ratio of a rank's \
      products there to those here, which svdist doctor prints.
      """)

  @OptionGroup var settings: ConfigurationOptions

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp("Numbers of ranks (default: 1, 2, 4 … 64, as far as the batch allows).", valueName: "count"))
  var ranks: [Int] = []

  @Option(
    help: ArgumentHelp(
      "Ranks on each host (default: as many as were started here, or this machine's cores / threads).",
      valueName: "count"))
  var perHost: Int?

  @Option(help: "Threads of each rank.")
  var threads = 1

  @Option(
    help: ArgumentHelp(
      "Speakers of the corpus (default: those of corpus.train, if set, or 1211 as VoxCeleb1 has).", valueName: "count"))
  var speakers: Int?

  @Option(
    help: ArgumentHelp("What a host sends at most, in Gbit/s (default: 10).", valueName: "Gbit/s"),
    transform: OptionRange.decimal)
  var bandwidth = 10.0

  @Option(
    help: ArgumentHelp("Time of a short message between hosts, in microseconds (default: 50).", valueName: "µs"),
    transform: OptionRange.decimal)
  var latency = 50.0

  @Option(
    help: ArgumentHelp("Speed of a rank there over that of one here (default: 1).", valueName: "ratio"),
    transform: OptionRange.decimal)
  var speed = 1.0

  @Option(
    help: ArgumentHelp("Price of a core for an hour.", valueName: "price"), transform: OptionRange.decimal)
  var price: Double?

  @Option(help: "Steps to measure, after two that do not count.")
  var steps = 3

  @Flag(help: "Print the result as JSON.")
  var json = false

  func validate() throws {
    for count in ranks { try OptionRange.check("--ranks", count, in: 1...65_536) }
    try OptionRange.check("--per-host", perHost, in: 1...65_536)
    try OptionRange.check("--threads", threads, in: OptionRange.threads)
    try OptionRange.check("--speakers", speakers, in: 2...10_000_000)
    try OptionRange.check("--bandwidth", bandwidth, in: 0.001...100_000, unit: " Gbit/s")
    try OptionRange.check("--latency", latency, in: 0...1_000_000, unit: " µs")
    try OptionRange.check("--speed", speed, in: 0.001...1000)
    try OptionRange.check("--price", price, in: 0...1_000_000)
    try OptionRange.check("--steps", steps, in: 1...1000)
  }

  func run() throws {
    let command = self
    Program.runRanks { communicator in
      let (configuration, speakers) = try communicator.agree { try command.open() }
      let perHost = command.perHost ?? command.ranksHere(communicator)
      ThreadTeam.shared.grow(to: command.threads)
      let batch = configuration.ofFirstStage.batch
      var forecasts: [StepForecast] = []
      for ranks in command.counts(units: max(1, batch.units / batch.microBatches)) {
        let rehearsal = try communicator.agree {
          try StepRehearsal.run(configuration, speakers: speakers, ranks: ranks, steps: command.steps)
        }
        forecasts.append(
          StepForecast(
            rehearsal.slowest(communicator), command.network(ranks, perHost: perHost), threads: command.threads,
            rows: batch.rows,
            speed: command.speed))
      }
      guard communicator.rank == 0 else { return .done }
      let report = PlanReport(forecasts, steps: configuration.steps, price: command.price)
      print(command.json ? report.json : command.preamble(configuration, speakers, communicator) + report.text)
      return .done
    }
  }

  private func open() throws -> (Configuration, speakers: Int) {
    let configuration = try settings.load()
    if let speakers {
      let needed = configuration.ofFirstStage.batch.speakers
      guard speakers >= needed else {
        throw Failure(.usage, "--speakers: a batch has \(needed) (batch.speakers), found \(speakers)")
      }
      return (configuration, speakers)
    }
    return (configuration, try configuration.corpus.train.map { try Corpus.open($0).speakers.count } ?? 1211)
  }

  private func counts(units: Int) -> [Int] {
    ranks.isEmpty ? (0...6).map { 1 << $0 }.filter { $0 <= units } : ranks
  }

  /// The ranks that this host has, or has cores for where there is one alone.
  private func ranksHere(_ communicator: any Communicator) -> Int {
    let host = JobFacts.gather(communicator, threads: threads).hosts[0]
    return max(host.ranks.count, communicator.size > 1 ? 1 : host.cores / threads, 1)
  }

  private func network(_ ranks: Int, perHost: Int) -> JobNetwork {
    var network = JobNetwork(ranks: ranks, ranksPerHost: perHost)
    network.latency = latency * 1e-6
    network.bandwidth = bandwidth * 1e9 / 8
    return network
  }

  private func preamble(
    _ configuration: Configuration, _ speakers: Int, _ communicator: any Communicator
  ) -> String {
    let batch = configuration.ofFirstStage.batch
    let stages = configuration.ofStages.count > 1 ? "; the first stage's step stands for all" : ""
    return """
      \(configuration.encoder.description), \(configuration.training.precision.rawValue), \(speakers) speakers, batches \
      of \(batch.rows.counted("row")) of \(configuration.crop.seconds) s, \
      \(configuration.steps.counted("step"))\(stages)
      computed by \(communicator.census), \(threads.counted("thread")) each; hosts send \
      \(bandwidth) Gbit/s with a latency of \(latency) µs


      """
  }
}
