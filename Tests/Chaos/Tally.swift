/// Counts runs by what befell them.
struct Tally {
  private var verdicts: [Verdict] = []

  mutating func add(_ verdict: Verdict) { verdicts.append(verdict) }

  var isGood: Bool { verdicts.allSatisfy(\.isGood) }

  /// The table, and what it means in a line.
  var text: String {
    let heading = row("blow", ["runs", "struck", "launches", "survived", "bits equal", "hangs"])
    let rows = Blow.allCases.compactMap { blow -> String? in
      let own = verdicts.filter { $0.blow == blow }
      return own.isEmpty ? nil : row(blow.rawValue, numbers(own))
    }
    return ([heading] + rows + [row("all", numbers(verdicts))]).joined(separator: "\n")
  }

  private func numbers(_ verdicts: [Verdict]) -> [String] {
    [
      "\(verdicts.count)", "\(verdicts.count(where: \.isStruck))", "\(verdicts.reduce(0) { $0 + $1.launches })",
      "\(verdicts.count(where: \.isGood))", "\(verdicts.count(where: \.hasBits))", "\(verdicts.count(where: \.isHung))",
    ]
  }

  private func row(_ name: String, _ cells: [String]) -> String {
    let padded = cells.map { String(repeating: " ", count: max(0, 12 - $0.count)) + $0 }
    return name + String(repeating: " ", count: max(0, 28 - name.count)) + padded.joined()
  }
}
