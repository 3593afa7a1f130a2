import ArgumentParser
import DistTrain
import Foundation
import GeneratedCorpora

/// Gives svdist corpora as people might have them, and holds it to three promises: no trap, no wait beyond a bound, and
/// every recording that went in, and that an undamaged list names where there are lists, is in the output or among what
/// was left out.
@main
struct InputsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inputs",
    abstract: "Tries every subcommand but launch and import on odd corpora, lists and recordings that a seed draws.",
    discussion: "The status is 0 where all promises held. The folder of a corpus with which one did not stays.")

  @Argument(help: "How many corpora.")
  var count = 300

  @Option(help: "Another seed draws other corpora.")
  var seed: UInt64 = 1

  @Option(help: "Only the corpus of this number.")
  var only: Int?

  @Option(help: ArgumentHelp("End after so many minutes, with fewer corpora."))
  var minutes: Double?

  @Option(help: ArgumentHelp("Seconds that a subcommand may take.", valueName: "seconds"))
  var limit = 60.0

  @Option(help: ArgumentHelp("Where the corpora go.", valueName: "folder"))
  var folder = NSTemporaryDirectory() + "svdist-inputs-\(getpid())"

  @Option(help: ArgumentHelp("The svdist to try; by default the one built beside this program.", valueName: "path"))
  var program: String?

  func run() throws {
    let beside = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
    let program = program ?? beside.appending(path: "svdist").path
    try FileSystem.createFolder(folder)
    let encoder = try trained(program)
    let clock = ContinuousClock()
    let began = clock.now
    var tried = 0
    var runs = 0
    var broken = 0
    for number in only.map({ $0..<$0 + 1 }) ?? 0..<count {
      if let minutes, clock.now - began > .seconds(60 * minutes) { break }
      let place = "\(folder)/\(number)"
      let ordeal = try Ordeal(
        number: number, seed: seed, program: program, encoder: encoder, folder: place, limit: limit)
      tried += 1
      runs += ordeal.runs
      if ordeal.faults.isEmpty {
        try FileSystem.remove(place)
      } else {
        broken += 1
        for fault in ordeal.faults { say("corpus \(number): \(fault)") }
      }
    }
    say(
      "\(tried) corpora of seed \(seed), \(runs) runs: \(broken) with faults" + (broken > 0 ? ", see \(folder)" : ""))
    guard broken == 0 else { throw ExitCode.failure }
    try FileSystem.remove(folder)
  }

  /// Prints a line at once, whoever reads.
  private func say(_ text: String) { FileHandle.standardOutput.write(Data("\(text)\n".utf8)) }

  /// Trains a small encoder on a corpus that is in order.
  private func trained(_ program: String) throws -> String {
    let corpus = "\(folder)/good"
    try GeneratedCorpus.write(to: URL(fileURLWithPath: corpus), speakers: 3, utterances: 2)
    let run = "\(folder)/run"
    let trial = try Trial(program, Ordeal.training(corpus: corpus, run: run), in: folder, limit: limit)
    guard trial.status == 0 else { throw Failure(.failed, "no encoder can be trained: \(trial.errors)") }
    return run
  }
}
