import ArgumentParser
import DistTrain
import Foundation

/// `svdist watch`: the page of `svdist report` for a browser, made anew while runs are trained.
struct WatchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "watch",
    abstract: "Shows the page of svdist report in a browser while runs go on.",
    discussion: """
      It prints an address to open. The page there is that of svdist report, made anew where a run's files have changed, and \
      it reloads itself. It can only be read, by whoever has the whole address: its token is drawn at each start. Only this \
      machine is answered unless --host says otherwise; the page of a cluster is best reached through ssh, by the command \
      that is said beside the address.

      It ends with Ctrl-C or TERM, and by itself some minutes after the last of the runs has ended, which leaves time to \
      start it again; the browser keeps the last page.
      """)

  @OptionGroup var runs: RunsOptions

  @Option(
    help: ArgumentHelp(
      "The seconds between two reloads, and at least between two looks at the runs.", valueName: "seconds"))
  var every = 10

  @Option(
    help: ArgumentHelp(
      "The address to serve at: 127.0.0.1, ::1, one of this machine, or 0.0.0.0 for all of them.", valueName: "address")
  )
  var host = "127.0.0.1"

  @Option(help: ArgumentHelp("The port to serve at; 0 for a free one.", valueName: "number"))
  var port: UInt16 = 0

  @Option(
    help: ArgumentHelp(
      "The minutes for which it goes on after the last run has ended. (default: 10)", valueName: "minutes"),
    transform: OptionRange.decimal)
  var keep = 10.0

  @OptionGroup var messages: MessageOptions

  func validate() throws {
    try OptionRange.check("--every", every, in: 1...3600, unit: " seconds")
    try OptionRange.check("--keep", keep, in: 0...1_000_000, unit: " minutes")
    guard ServerAddress(host) != nil else {
      throw ValidationError("--host: an address such as 127.0.0.1, ::1 or 0.0.0.0 is expected, found '\(host)'")
    }
  }

  func run() throws {
    guard let address = ServerAddress(host) else { preconditionFailure("the address was checked") }
    try RecordedRun.check(runs.runs)
    StopRequest.watch(answering: false)
    let page = LivePage(runs.runs, resamples: runs.resamples, version: SvdistCommand.version, every: every)
    let gate = PageGate(address)
    let server = try WatchServer(address, port: port, gate, page)
    try tell(address, server.port, gate)
    try watch(server, page)
  }

  /// Says where the page is, and how it is reached.
  private func tell(_ address: ServerAddress, _ port: UInt16, _ gate: PageGate) throws {
    let machine = hostName()
    print("http://\(address.shown(name: machine)):\(port)/?token=\(gate.token)".shown)
    try StandardOutput.check()
    if !address.isLoopback {
      messages.say("warning: what goes to and from \(address.text) is not encrypted: others may read it, token and all")
    }
    let tunnel = SSHTunnel.command(ProcessInfo.processInfo.environment, machine: machine, address: address, port: port)
    messages.note(
      tunnel.map { "on your own machine, call \($0) and open http://127.0.0.1:\(port)/?token=\(gate.token)" })
  }

  /// Waits until the watch is over, or somebody asks for its end.
  /// - Throws: `Failure(.failed)` where the server ends.
  private func watch(_ server: WatchServer, _ page: LivePage) throws {
    var (pulses, period) = (runs.runs.map { RunPulse(folder: $0) }, WatchPeriod(keep: 60 * keep))
    var limits = ConnectionLimits(port: server.port)
    var looks = 0
    while StopRequest.received == nil {
      for remark in try server.takeRemarks() { messages.say("warning: \(remark)") }
      if looks % Self.looksBetweenLimits == 0 { limits.enforce(now: SteadyClock.now) }
      if looks % Self.looksBetweenPulses == 0 {
        // Each one is looked at, since it knows by that whether it is still touched.
        let areTrained = pulses.indices.map { pulses[$0].isTrained() }
        let change = period.look(isTrained: areTrained.contains(true), now: SteadyClock.now)
        page.isLive = period.isLive
        if change == .over { return }
        messages.note(line(about: change))
      }
      looks += 1
      usleep(Self.pause)
    }
  }

  /// What a person is told of a change; nil for nothing.
  private func line(about change: WatchPeriod.Change) -> String? {
    let names = runs.runs.joined(separator: ", ")
    return switch change {
    case .none, .over: nil
    case .ended: "nobody trains \(names): unless that changes, the watch ends in \(TimeWords.about(60 * keep))"
    case .resumed: "\(names): trained again, and watched until that ends"
    }
  }

  /// The microseconds between looks for a signal.
  private static let pause: UInt32 = 50_000
  /// How many of these lie between two at connections, and between two at the runs' locks.
  private static let (looksBetweenLimits, looksBetweenPulses) = (5, 20)
}
