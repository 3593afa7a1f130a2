import ArgumentParser
import DistTrain
import Foundation

/// Strikes runs of a small real training and demands the undisturbed run's result from each.
@main
struct ChaosCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "chaos",
    abstract:
      "Kills, stops and robs small training runs at random moments, lets them go on and compares their results.",
    discussion: """
      The status is 0 where every run ended as if nothing had happened. The folder of a run that did not stays, and \
      its path is printed.
      """)

  @Argument(help: "How many runs, each blow as often.")
  var runs = 200

  @Option(help: "End after so many minutes, with fewer runs, but not before each blow fell once.")
  var minutes: Double?

  @Option(help: "Another seed draws other moments, ranks and files.")
  var seed: UInt64 = 1

  @Option(help: ArgumentHelp("Only blows whose names contain this.", valueName: "text"))
  var only: String?

  @Option(help: ArgumentHelp("Where the runs' folders go.", valueName: "folder"))
  var folder = NSTemporaryDirectory() + "svdist-chaos-\(getpid())"

  @Option(help: ArgumentHelp("The svdist to strike; by default the one built beside this program.", valueName: "path"))
  var program: String?

  func run() throws {
    let blows = try blows()
    let beside = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
    let began = Date()
    let stage = try Stage(program: program ?? beside.appending(path: "svdist").path, folder: folder)
    let seconds = Date().timeIntervalSince(began)
    say("undisturbed with 1, 2 and 3 ranks, bits equal: \(String(format: "%.1f", seconds)) s")
    say("\(minutes.map { "\($0) minutes of" } ?? "\(runs)") runs, seed \(seed), \(folder)")
    var tally = Tally()
    for number in 0..<runs {
      if let minutes, number >= blows.count, Date().timeIntervalSince(began) > 60 * minutes { break }
      var ordeal = try Ordeal(stage: stage, blow: blows[number % blows.count], number: number, seed: seed)
      let verdict = try ordeal.judge()
      tally.add(verdict)
      let ending = verdict.isGood ? "bits equal" : "FAILED, see \(ordeal.folder)"
      say("run \(number): \((verdict.story + verdict.problems + [ending]).joined(separator: "; "))")
    }
    say(tally.text)
    guard tally.isGood else { throw ExitCode.failure }
    try FileSystem.remove(folder)
  }

  /// Prints a line at once, whoever reads.
  private func say(_ text: String) { FileHandle.standardOutput.write(Data("\(text)\n".utf8)) }

  /// The blows to take in turn; those that need a disk of their own are left out where none can be mounted.
  private func blows() throws -> [Blow] {
    let named = Blow.allCases.filter { only == nil || $0.rawValue.contains(only!) }
    let path = folder + "/trial-disk"
    let canMount: Bool
    do {
      try SmallDisk(mountedOn: path, megabytes: 1).unmount()
      canMount = true
    } catch {
      canMount = false
    }
    let possible = named.filter { canMount || !$0.needsDisk }
    if possible.count < named.count { say("skipped: full disks, because nothing may be mounted here") }
    guard !possible.isEmpty else { throw ValidationError("--only: no blow that is possible here is named so") }
    return possible
  }
}
