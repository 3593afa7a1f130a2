import Foundation

/// The text that `svdist doctor` prints.
package enum MachineReport {
  /// The hosts, their cores and the kernels in use; hosts that are alike share a line.
  package static func description(_ facts: JobFacts, census: String, library: String) -> String {
    let described = facts.hosts.map { (name: $0.name, text: describe($0)) }
    let texts = described.map(\.text).distinct
    let lines = texts.map { text in
      let names = described.filter { $0.text == text }.map(\.name)
      return "\(names.count > 4 ? "\(names[0]) and \(names.count - 1) more" : names.joined(separator: ", ")): \(text)"
    }
    return (["\(census); \(library)"] + lines).joined(separator: "\n")
  }

  private static func describe(_ host: HostFacts) -> String {
    let rank = host.ranks[0]
    let width = VectorWidth(features: rank.features).map {
      switch $0 {
      case .sixteen: "AVX-512"
      case .eight: "AVX2"
      case .four: "SSE"
      }
    }
    let quota = host.quota.map { String(format: "CPU quota %.2g", $0) }
    let cores =
      "\(host.cores) \(host.cores == 1 ? "core" : "cores"), \(host.hardwareThreads) hardware "
      + (host.hardwareThreads == 1 ? "thread" : "threads")
    let variables = rank.environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    let software = [rank.software] + variables
    let hardware = [
      rank.processor, cores, quota, width, rank.hasBfloat16 ? "bf16 products" : "no bf16 products",
      rank.hugePages.map { "huge pages: \($0)" },
    ]
    return hardware.compactMap(\.self).joined(separator: ", ") + "\n  " + software.joined(separator: ", ")
  }

  /// A table with one line for each host: its ranks, threads and cores, and the measured rates.
  package static func table(_ facts: JobFacts, _ rates: JobRates) -> String {
    let heading = [
      ["", "", "", "fp32 GFLOP/s", "", "bf16 GFLOP/s", "", "copy GB/s", "", "scale GB/s", ""],
      ["host", "ranks × threads", "cores"] + (0..<4).flatMap { _ in ["alone", "together"] },
    ]
    let rows = zip(facts.hosts, rates.hosts).map { host, rates in
      let shape = Set(host.threads).count == 1 ? "\(host.ranks.count) × \(host.threads[0])" : "\(host.ranks.count) × …"
      return [host.name, shape, "\(host.cores)"]
        + [\MachineRates.product as KeyPath<MachineRates, Double>, \.bfloat16, \.copy, \.scale].flatMap {
          [number(rates.alone[keyPath: $0]), host.ranks.count == 1 ? "" : number(rates.together[keyPath: $0])]
        }
    }
    let sum =
      facts.threads.count == 1
      ? "" : String(format: "\n\nA sum of %.1f M floats over ranks: %.1f ms", millions, 1e3 * rates.sumSeconds)
    return """
      A rank's products (512 × 512 × 6400) and passes over memory, the first rank alone and the mean of all together:

      \(aligned(heading + rows))\(sum)
      """
  }

  private static let millions = Double(JobRates.sumCount) / 1e6

  /// The rates of the corpus and of the encoder, and which of the two is the bottleneck.
  package static func corpus(_ rates: CorpusRates) -> String {
    let files = String(
      format: "files open in %.2f ms (slowest %.2f), read at %.0f MB/s", 1e3 * rates.files.open,
      1e3 * rates.files.slowestOpen, rates.files.read)
    let speed = String(
      format: "One core makes features of %.0f rows/s, a rank's encoder (%@) takes %.1f:", rates.input,
      rates.encoderName as NSString, rates.encoder)
    let share = String(format: "%.0f %%", 100 * rates.inputShare)
    let verdict = rates.inputShare > 0.5 ? "the corpus" : "the encoder"
    return """
      \(rates.path) on \(rates.fileSystem ?? "a file system without a name"), from disk:
      \(files)
      \(speed)
      \(verdict) is the bottleneck, input takes \(share) of the cores' time
      """
  }

  /// The warnings, or a line that there are none.
  package static func verdict(_ warnings: [MachineWarning]) -> String {
    warnings.isEmpty
      ? "All is well: nothing here makes svdist slower than it need be."
      : warnings.map { "warning: \($0.text)" }.joined(separator: "\n")
  }

  private static func number(_ value: Double) -> String {
    value.isNaN ? "–" : String(format: value < 100 ? "%.1f" : "%.0f", value)
  }

  /// Lays out columns that are as wide as their widest field, the first two flush left.
  private static func aligned(_ rows: [[String]]) -> String {
    let widths = rows[0].indices.map { column in
      max(column > 2 ? 8 : 0, rows.dropFirst().map { $0[column].count }.max() ?? 0)
    }
    return rows.enumerated().map { index, row in
      var line = ""
      for (column, field) in row.enumerated() {
        // The heading of a pair of columns ends where the second column does.
        if index == 0, column > 2, field.isEmpty { continue }
        let width = index == 0 && column > 2 ? widths[column] + 2 + widths[column + 1] : widths[column]
        let fill = String(repeating: " ", count: max(0, width - field.count))
        line += (column < 2 ? field + fill : fill + field) + "  "
      }
      return String(line.reversed().drop { $0 == " " }.reversed())
    }.joined(separator: "\n")
  }
}

extension MachineRates {
  /// The rate of products of factors in bf16, or not a number where the CPU does not multiply them.
  fileprivate var bfloat16: Double { bfloat16Product ?? .nan }
}
