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
      curve and histograms of the scores that the run keeps, EER by length, sex, language and domain, the worst trials, a \
      picture of held-out speakers' embeddings, where the time went, and data used and left out. What a run did not record \
      is said in a line. A run may be under way.

      --audio makes the recordings of the worst trials part of the page, which is then no longer small and holds the voices \
      of people: up to \(PagePlayers.most) recordings, of each the first \(Int(PagePlayers.longest)) s at most, as WAV of \
      16 kHz and 16 bits, 0.43 MB each.

      Long runs are thinned: each curve has the mean of neighbouring steps, and around it the least and the greatest value.
      """)

  @OptionGroup var runs: RunsOptions

  @Option(name: .shortAndLong, help: ArgumentHelp("The page to write.", valueName: "file"))
  var output = "report.html"

  @Flag(help: "Make the recordings of the worst trials part of the page, 35 MB at most.")
  var audio = false

  @OptionGroup var messages: MessageOptions

  func run() throws {
    try AtomicFile.check([output], for: "report of svdist", ReportPage.isPage)
    ThreadTeam.shared.grow(to: Machine.threads(SoleCommunicator()))
    let page = ReportPage(try runs.read(), resamples: runs.resamples, hasAudio: audio, version: SvdistCommand.version)
    try AtomicFile.write(page.html, to: output)
    messages.say("report of \(runs.count) in \(output)")
  }
}
