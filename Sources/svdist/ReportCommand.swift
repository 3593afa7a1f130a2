import ArgumentParser
import DistTrain

/// `svdist report`: a page that shows what runs recorded.
struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Writes a page that shows one run, or several side by side.",
    discussion: """
      The page is one HTML file that any browser shows without a network, light or dark as the system is, on a telephone \
      and on paper. It shows what was trained on what, the settings (of several runs those that differ), both losses and α, \
      gradient norms and their angle, learning rate and margin, EER over the steps with a 95 % interval of the last, DET \
      curve and histograms of the scores that the run keeps, where the time went, and data used and left out. What a run did \
      not record is said in a line. A run may be under way.

      Long runs are thinned: each curve has the mean of neighbouring steps, and around it the least and the greatest value.
      """)

  @OptionGroup var runs: RunsOptions

  @Option(name: .shortAndLong, help: ArgumentHelp("The page to write.", valueName: "file"))
  var output = "report.html"

  func run() throws {
    try AtomicFile.check([output], for: "report of svdist", ReportPage.isPage)
    ThreadTeam.shared.grow(to: Machine.threads(SoleCommunicator()))
    let page = ReportPage(try runs.read(), resamples: runs.resamples, version: SvdistCommand.version)
    try AtomicFile.write(page.html, to: output)
    StandardError.say("report of \(runs.count) in \(output)".shown)
  }
}
