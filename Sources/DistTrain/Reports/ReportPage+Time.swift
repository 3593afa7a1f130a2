import Foundation

/// Where the time went, which data there was, and how the runs were started.
extension ReportPage {
  /// The sections of a step, by their names in the log.
  private static let sections: [(key: String, name: String, colour: Chart.Colour)] = [
    ("loadSeconds", "waiting for batches", .amber), ("forwardSeconds", "forward", .blue),
    ("backwardSeconds", "backward", .orange), ("communicateSeconds", "communication", .purple),
  ]

  var time: String {
    let bars = runs.compactMap { run in
      Self.parts(of: run).map { (run: run, bar: SharesBar(title: run.name, parts: $0)) }
    }
    let figures = bars.map { one in
      let keys = one.bar.parts.map {
        PagePart.Key(name: "\($0.name) \(Self.percent($0.amount, of: one.bar.whole))", colour: $0.colour)
      }
      return PagePart.figure("\(one.run.name): \(TimeWords.exact(one.bar.whole))", keys, [one.bar.svg])
    }
    let ranks = runs.compactMap { run in
      run.rankTimes.flatMap { $0.ranks.isEmpty ? nil : Self.bars($0, of: run.name) }
    }
    let remark = PagePart.missing("Times of all steps are those of rank 0.")
    return PagePart.section(
      "Time",
      [
        speed, PagePart.figures(figures), bars.isEmpty ? "" : remark, PagePart.figures(ranks),
        missing("time of sections") { Self.parts(of: $0) != nil },
        missing("each rank's time (ranks.jsonl)") { run in
          run.rankTimes?.ranks.isEmpty == false || !run.starts.contains { $0.ranks > 1 }
        },
      ])
  }

  /// The number of ranks that have bars.
  private static let mostRanks = 16

  /// A bar for each rank, those that worked longest first.
  private static func bars(_ times: RankTimes, of run: String) -> String {
    let keys = [
      PagePart.Key(name: sections[0].name, colour: sections[0].colour), PagePart.Key(name: "computing", colour: .blue),
      PagePart.Key(name: "communication, waiting for others included", colour: sections[3].colour),
    ]
    let shown = times.slowest(mostRanks)
    let drawings = shown.map { rank -> String in
      let parts = zip(keys, [rank.load, rank.compute, rank.communicate]).map {
        SharesBar.Part(name: $0.name, amount: max($1, 0), colour: $0.colour)
      }
      let title = "rank \(rank.number) on \(rank.host)"
      let busy = percent(rank.load + rank.compute, of: rank.load + rank.compute + rank.communicate)
      return PagePart.paragraph("\(title): busy \(busy)") + SharesBar(title: title, parts: parts).svg
    }
    let which =
      shown.count < times.ranks.count
      ? "the \(shown.count) ranks of \(times.ranks.count) that worked longest" : "its ranks"
    return PagePart.figure("\(run): \(which)", keys, drawings)
  }

  /// The seconds of all steps by what they went to; nil where the log does not say it.
  private static func parts(of run: RecordedRun) -> [SharesBar.Part]? {
    guard let total = run.course.seconds("totalSeconds"), total > 0 else { return nil }
    let known = sections.compactMap { section in
      run.course.seconds(section.key).map {
        SharesBar.Part(name: section.name, amount: max($0, 0), colour: section.colour)
      }
    }
    guard !known.isEmpty else { return nil }
    let checkpoints = max(run.course.seconds("checkpointSeconds") ?? 0, 0)
    let rest = total - known.reduce(0) { $0 + $1.amount }
    let between = (run.course.last("elapsedSeconds") ?? total + checkpoints) - total - checkpoints
    return known
      + [
        SharesBar.Part(name: "rest of the steps", amount: max(rest, 0), colour: .sky),
        SharesBar.Part(name: "checkpoints", amount: checkpoints, colour: .green),
        SharesBar.Part(name: "between steps, such as evaluations", amount: max(between, 0), colour: .grey),
      ].filter { $0.amount > 0 }
  }

  private static func percent(_ part: Double, of whole: Double) -> String {
    String(format: "%.1f %%", 100 * part / whole)
  }

  var data: String {
    let rows: [(name: String, values: [String?])] = [
      ("training corpus", runs.map { try? $0.corpus?.get() }),
      ("left out by svdist prepare", runs.map { Self.words(try? $0.leftOut?.get()) }),
      ("unreadable in training", runs.map { $0.unreadable.map { Self.words($0) ?? "none" } ?? "none listed" }),
    ]
    return PagePart.section(
      "Data used and left out",
      [
        PagePart.table(names, rows),
        missing("the training corpus (in no checkpoint that is kept)", of: \.corpus),
        missing("what was left out (no left-out.tsv beside corpus.train here)", of: \.leftOut),
      ])
  }

  /// The number of reasons that are told one by one.
  private static let mostKinds = 8

  private static func words(_ kinds: [(kind: String, count: Int)]?) -> String? {
    guard let kinds else { return nil }
    let all = kinds.reduce(0) { $0 + $1.count }
    guard all > 0 else { return "0" }
    let named = kinds.prefix(mostKinds).map { "\($0.count) \($0.kind)" }
    return "\(all): \(named.joined(separator: "; "))\(kinds.count > mostKinds ? "; …" : "")"
  }

  /// The number of starts that are told one by one.
  private static let mostStarts = 30

  var starts: String {
    let all = runs.flatMap { run in run.starts.map { (run: run, start: $0) } }
    let rows = all.suffix(Self.mostStarts).map { one -> (name: String, values: [String?]) in
      let start = one.start
      let changes = start.changes.map { "\($0.key): \($0.was) → \($0.now)" }.joined(separator: "; ")
      return (
        one.run.name,
        [
          start.date, start.restart ? "anew (--restart)" : "from step \(start.step)", start.version,
          "\(start.ranks) × \(start.threads.map(String.init) ?? "?")", start.hosts.joined(separator: ", "),
          changes.isEmpty ? "none" : changes,
        ]
      )
    }
    let head = ["run", "date", "start", "svdist", "ranks × threads", "hosts", "changed settings"]
    let earlier = all.count - rows.count
    return PagePart.section(
      "Starts",
      [
        rows.isEmpty ? "" : PagePart.table(head, rows),
        earlier > 0 ? PagePart.missing("\(earlier) earlier starts are in history.jsonl.") : "",
        missing("starts (no whole line in history.jsonl)") { !$0.starts.isEmpty },
      ])
  }
}
