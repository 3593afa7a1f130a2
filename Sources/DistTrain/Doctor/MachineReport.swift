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
      "\(host.cores.counted("core")), \(host.hardwareThreads) hardware "
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
    let pairs = ["fp32 GFLOP/s", "bf16 GFLOP/s", "copy GB/s", "scale GB/s"]
    let heading = ["host", "ranks × threads", "cores"] + pairs.flatMap { _ in ["alone", "together"] }
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

      \(aligned(pairs, [heading] + rows))\(sum)
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

  /// Lays out a table, and above it the names of its pairs of columns, each of which ends where the second column does.
  private static func aligned(_ pairs: [String], _ rows: [[String]]) -> String {
    let table = TextTable(leftColumns: 2)
    let widths = table.widths(of: rows, least: rows[0].indices.map { $0 > 2 ? 8 : 0 })
    let wide = stride(from: 3, to: widths.count, by: 2).map { widths[$0] + 2 + widths[$0 + 1] }
    let heading = table.line(["", "", ""] + pairs, widths: widths[..<3] + wide)
    return ([heading] + rows.map { table.line($0, widths: widths) }).joined(separator: "\n")
  }
}

extension MachineRates {
  /// The rate of products of factors in bf16, or not a number where the CPU does not multiply them.
  fileprivate var bfloat16: Double { bfloat16Product ?? .nan }
}
