import ArgumentParser
import DistTrain

/// `svdist compare`: a table of runs.
struct CompareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract: "Prints a table of runs: the settings that differ, and what came of them.",
    discussion: """
      EER and minDCF are those of each run's last evaluation, with 95 % intervals over speakers where the run keeps its \
      scores (evaluation/scores); the best EER is the lowest of all evaluations after the first step. Where two runs keep \
      scores of the same trials, they are compared on the same resamples of the speakers, each with the first run named: \
      the difference, its interval, and the probability p of one as large were there none.

      Each of evaluation.sets has a row for its last EER and one for its best.

      utterances/s are the utterances of all steps divided by the seconds of the steps alone; the time is that of the whole \
      run, with evaluations and checkpoints.
      """)

  @OptionGroup var runs: RunsOptions

  @Flag(help: "Print the result as JSON.")
  var json = false

  func run() throws {
    ThreadTeam.shared.grow(to: Machine.threads(SoleCommunicator()))
    let comparison = RunComparison(try runs.read(), resamples: runs.resamples)
    print(json ? comparison.json : comparison.text)
  }
}
