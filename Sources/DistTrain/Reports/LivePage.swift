package import Foundation
import Synchronization

/// The report of runs that change, made anew where their files did. Those who ask at the same time share one page.
package final class LivePage: Sendable {
  /// A page as it is to be sent.
  package struct Text: Sendable {
    /// HTML in UTF-8.
    package let html: Data
    /// Why the page is none of the runs, but says this line; nil where it is one.
    package let failure: String?
  }

  /// What was made of the files last.
  private struct Made {
    var files: ReportFiles
    /// The time of the last look at the files, and whether the runs were trained then.
    var look: (time: Double, isLive: Bool)
    var date: Date
    var title: String
    /// The sections, as HTML.
    var body: String
    var failure: String?
  }

  private let runs: [String]
  private let resamples: Int
  private let version: String
  private let every: Int
  private let made = Mutex<Made?>(nil)
  private let live = Atomic(true)

  /// - Parameters:
  ///   - runs: the paths of their folders.
  ///   - resamples: the number of resamples for intervals; 0 for none.
  ///   - version: the version of svdist, for the last line.
  ///   - seconds: the time between two looks at the files, and between two that browsers take of the page.
  package init(_ runs: [String], resamples: Int, version: String, every seconds: Int) {
    self.runs = runs
    self.resamples = resamples
    self.version = version
    every = seconds
  }

  /// Whether the runs are trained, so that browsers are to ask for the page again.
  package var isLive: Bool {
    get { live.load(ordering: .relaxed) }
    set { live.store(newValue, ordering: .relaxed) }
  }

  /// The page as of now. It may take as long as `svdist report`, and longer where another thread has it made.
  /// - Parameter now: the time in seconds, on a clock that only goes forward.
  package func text(now: () -> Double = { SteadyClock.now }) -> Text {
    made.withLock { made in
      let isLive = isLive
      // The last page of a training, which is not asked for again, has all that it wrote.
      if made.map({ now() - $0.look.time >= Double(every) || $0.look.isLive != isLive }) ?? true {
        let files = ReportFiles(runs)
        if made?.files != files { made = make(files) }
        // Counted from the end, so that making a page that takes long is not all that is done.
        made?.look = (now(), isLive)
      }
      guard let made else { preconditionFailure("a page is made before it is shown") }
      let html = ReportPage.document(
        title: made.title, reload: isLive ? every : nil, body: made.body, ending: ending(made.date, isLive: isLive))
      return Text(html: Data(html.utf8), failure: made.failure)
    }
  }

  private func make(_ files: ReportFiles) -> Made {
    let date = Date()
    do {
      // The page itself says what of a run cannot be read.
      let page = ReportPage(try RecordedRun.read(runs) { _ in }, resamples: resamples, version: version)
      return Made(files: files, look: (0, false), date: date, title: page.title, body: page.body, failure: nil)
    } catch {
      let line = Failure(error).message
      return Made(
        files: files, look: (0, false), date: date, title: runs.count == 1 ? "No run to show" : "No runs to show",
        body: PagePart.paragraph(line), failure: line)
    }
  }

  private func ending(_ date: Date, isLive: Bool) -> String {
    let time = ISO8601DateFormatter().string(from: date)
    let course =
      isLive
      ? "this page reloads itself every \(every) s, and is made anew when their files have changed"
      : "nobody trains them now, so that this page no longer reloads itself"
    return "Made by svdist \(version) from the run folders at \(time); \(course)."
  }
}
