/// The file that a draft becomes.
extension ConfigurationDraft {
  /// The settings below their reasons, after a few lines about the whole run, and before those that stay open. It reads
  /// back as the configuration.
  /// - Parameters:
  ///   - file: the path of the file, as commands are to name it; nil where it is not known.
  ///   - stepsPerEpoch: the number of steps of an epoch of these batches.
  package func text(file: String?, stepsPerEpoch: Int) -> String {
    let name = file.flatMap { Self.isPlain($0) ? $0 : nil } ?? "FILE"
    let head = facts + course(stepsPerEpoch: stepsPerEpoch) + commands(name)
    return Self.comment(head) + "\n" + configuration.yaml(reasons: reasons) + openSettings
  }

  private static func comment(_ lines: [String]) -> String { lines.map { "# \($0)\n" }.joined() }

  /// Whether a path goes into a line of a shell as it is, and leaves room for the rest of it.
  private static func isPlain(_ path: String) -> Bool {
    path.utf8.count <= 40 && !path.hasPrefix("-")
      && path.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "/._-+@".contains($0)) }
  }

  /// Lines about what was found.
  private var facts: [String] {
    let left = memory.map { ", \(HostMemory.gigabytes(Double($0))) of memory left" } ?? ""
    let found = "\(corpus.speakers.counted("speaker")), \(corpus.utterances.counted("utterance")), \(amount)"
    return ["by svdist init, for \(found); \(cores.counted("core"))\(left)"] + rates
  }

  private var rates: [String] {
    let count = corpus.rates.values.reduce(0, +)
    let ordered = corpus.rates.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
    guard let first = ordered.first else { return [] }
    func text(_ rate: Int) -> String { "\(Self.text(Double(rate) / 1000)) kHz" }
    let narrow = corpus.rates.filter { $0.key <= 8000 }.values.reduce(0, +)
    let remark =
      narrow == 0
      ? []
      : narrow == count
        ? ["nothing in them is above 4 kHz: the encoder is for such recordings alone"]
        : ["those of 8 kHz or less have nothing above 4 kHz: evaluate on both kinds"]
    guard ordered.count > 1 else { return ["sampled at \(text(first.key)), as far as looked at"] + remark }
    let named = ordered.prefix(4).map { "\($0.value) at \(text($0.key))" }.joined(separator: ", ")
    return ["of \(count) recordings looked at \(named)\(ordered.count > 4 ? " …" : ""); all become 16 kHz"] + remark
  }

  /// Lines about what the run does and takes.
  private func course(stepsPerEpoch: Int) -> [String] {
    let (steps, rows) = (configuration.training.steps, configuration.batch.rows)
    let epochs = Self.text(Double(steps) / Double(max(stepsPerEpoch, 1)))
    let each = ranks == 1 ? "one rank takes" : "each of \(ranks) ranks takes"
    let state = HostMemory.gigabytes(Double(max(stateBytes(ranks: ranks), 10_000_000)))
    let crowd =
      ranks > cores ? ["the ranks are more than the cores here: start them on several hosts (cluster/README.md)"] : []
    return [
      "\(steps.counted("step")) of \(rows.counted("row")), \(epochs) \(epochs == "1" ? "epoch" : "epochs") of "
        + stepsPerEpoch.counted("step"),
      "\(each) about \(state) of memory for parameters, gradients and the optimiser's state, beside its rows",
    ] + crowd
  }

  /// Lines with the commands to go on with.
  private func commands(_ name: String) -> [String] {
    let options = "--config \(name) --run-dir runs/first"
    let start = ranks == 1 ? "svdist \(options)" : "svdist launch -np \(ranks) -- \(options)"
    return [
      "start it:        \(start)",
      "time it takes:   svdist plan --config \(name) --ranks \(ranks)",
      "other settings:  svdist config --config \(name)",
    ]
  }

  /// Settings that the file leaves open. A line counts without its #.
  private var openSettings: String {
    guard !hints.isEmpty else { return "" }
    let lines = hints.map { "# \($0.reason)\n#\($0.line)\n" }
    return "\n" + Self.comment(["left open; a setting counts without its #"]) + lines.joined()
  }
}
