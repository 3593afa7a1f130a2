import DistTrain
import Foundation
import TestTools
import Testing

@Suite struct LivePageTests {
  /// A page of a run, on a clock that the test sets.
  private final class Watched {
    let page: LivePage
    var now = 1000.0

    init(_ runs: [String]) {
      page = LivePage(runs, resamples: 0, version: "0.2.0", every: 10)
    }

    func look() -> LivePage.Text { page.text { now } }

    /// The page without its last line, which has the time.
    func html() -> String {
      String(decoding: look().html, as: UTF8.self).components(separatedBy: "<p class=\"soft\">Made by")[0]
    }
  }

  /// Gives a run the log of one of so many steps.
  private func write(steps: Int, of run: String, in folder: String) throws {
    let other = try RunFolder(reading: RunFixture(steps: steps).write(in: "\(folder)/\(steps)"))
    try FileSystem.rename(other.metricsPath, to: RunFolder(reading: run).metricsPath)
  }

  @Test func `it is the page of svdist report with a reload, and runs no script`() throws {
    try withScratchFolder { folder in
      let run = try RunFixture().write(in: folder)
      let watched = Watched([run])
      let text = watched.look()
      let html = String(decoding: text.html, as: UTF8.self)
      #expect(text.failure == nil)
      #expect(isWellFormed(html) && html.contains("<meta http-equiv=\"refresh\" content=\"10\"/>"))
      let report = ReportPage(try RecordedRun.read([run]) { _ in }, resamples: 0, version: "0.2.0").html
      let other = report.components(separatedBy: "<p class=\"soft\">Written by")[0]
      #expect(
        watched.html().replacingOccurrences(of: "<meta http-equiv=\"refresh\" content=\"10\"/>\n", with: "") == other)
      for word in ["<script", "src=", "@import", "url("] { #expect(!html.contains(word), "\(word)") }
    }
  }

  @Test func `it is made anew where files changed, and not before its time`() throws {
    try withScratchFolder { folder in
      let run = try RunFixture(steps: 20).write(in: folder)
      let watched = Watched([run])
      let first = watched.html()
      #expect(first.contains("20 of 20"))
      try write(steps: 15, of: run, in: folder)
      watched.now += 9.9
      #expect(watched.html() == first)
      watched.now += 0.1
      #expect(watched.html().contains("15 of 20"))
    }
  }

  @Test func `the last page has all that the training wrote, and is not asked for again`() throws {
    try withScratchFolder { folder in
      let run = try RunFixture(steps: 19).write(in: folder)
      let watched = Watched([run])
      #expect(watched.html().contains("19 of 20"))
      try write(steps: 20, of: run, in: folder)
      watched.page.isLive = false
      let last = watched.html()
      #expect(last.contains("20 of 20") && !last.contains("http-equiv"))
      watched.page.isLive = true
      #expect(watched.html().contains("http-equiv"))
    }
  }

  @Test func `the last page has the last results of each set too`() throws {
    try withScratchFolder { folder in
      var fixture = RunFixture()
      fixture.sets = ["an4": [(0, 30), (10, 8.25)]]
      let run = try fixture.write(in: folder)
      let watched = Watched([run])
      #expect(watched.html().contains("<td>8.250 at step 10</td>"))
      try TestTools.write(try read(run + "/evaluation/step-20.json"), to: run + "/evaluation/an4/step-20.json")
      watched.page.isLive = false
      #expect(watched.html().contains("<td>15.000 at step 20</td>"))
    }
  }

  @Test func `a run that has vanished, or has no step yet, is a line on the page`() throws {
    try withScratchFolder { folder in
      let run = try RunFixture(name: "<run>").write(in: folder)
      let watched = Watched([run])
      #expect(watched.look().failure == nil)
      try FileSystem.rename(run, to: run + "-elsewhere")
      watched.now += 10
      let text = watched.look()
      #expect(text.failure?.contains("is no run folder") == true)
      let html = String(decoding: text.html, as: UTF8.self)
      #expect(isWellFormed(html) && html.contains("is no run folder") && !html.contains("<run>"))
      try FileSystem.createFolder(run + "/checkpoints")
      watched.now += 10
      #expect(watched.look().failure?.contains("no step was taken yet") == true)
      try FileSystem.rename(run, to: run + "-empty")
      try FileSystem.rename(run + "-elsewhere", to: run)
      watched.now += 10
      #expect(watched.look().failure == nil)
    }
  }

  @Test func `a watch lasts as long as a run is trained, and a time after that`() {
    func changes(keep: Double, _ looks: [(isTrained: Bool, now: Double)]) -> [WatchPeriod.Change] {
      var period = WatchPeriod(keep: keep)
      return looks.map { look in
        let change = period.look(isTrained: look.isTrained, now: look.now)
        #expect(period.isLive == look.isTrained)
        return change
      }
    }
    let looks: [(isTrained: Bool, now: Double)] = [
      (true, 0), (false, 100), (false, 159), (true, 159), (false, 200), (false, 259.9), (false, 260),
    ]
    #expect(changes(keep: 60, looks) == [.none, .ended, .none, .resumed, .ended, .none, .over])
    #expect(changes(keep: 0, [(false, 5), (false, 5)]) == [.ended, .over])
    #expect(WatchPeriod(keep: 60).isLive)
  }
}
