import Foundation

/// The time of each rank by sections, as the log of a run's ranks (`RankLog`) has it.
struct RankTimes: Sendable {
  struct Rank: Sendable {
    let number: Int
    let host: String
    var load: Double
    var compute: Double
    var communicate: Double
  }

  private struct Line: Decodable {
    let hosts: [String]
    let loadSeconds: [Double]
    let computeSeconds: [Double]
    let communicateSeconds: [Double]

    var isWhole: Bool {
      [loadSeconds, computeSeconds, communicateSeconds].allSatisfy {
        $0.count == hosts.count && $0.allSatisfy((0...1e9).contains)
      }
    }
  }

  /// The ranks of the last start that had several, in their order; none where no line is of several.
  let ranks: [Rank]
  /// A line about what of the log cannot be read; nil where all can.
  let remark: String?

  /// Reads a log; nil where there is none. Lines of other ranks or hosts than those of the last line with several are
  /// left out.
  init?(path: String) {
    guard FileSystem.exists(path) else { return nil }
    do {
      let (lines, damaged) = try Self.lines(path)
      ranks = Self.ranks(lines)
      remark = damaged.remark(of: "stretch of steps", "stretches of steps").map { "\(path): \($0)" }
    } catch {
      (ranks, remark) = ([], Failure(error).message)
    }
  }

  private static func lines(_ path: String) throws -> (lines: [Line], damaged: DamagedLines) {
    var (lines, damaged): ([Line], DamagedLines) = ([], DamagedLines())
    var parts = try InputFile.contents(of: path).split(
      separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    // What follows the last line's break.
    if parts.last?.isEmpty == true { parts.removeLast() }
    for (index, part) in parts.enumerated() {
      if let line = try? JSONDecoder().decode(Line.self, from: Data(part)), line.isWhole {
        lines.append(line)
      } else {
        damaged.add(index + 1)
      }
    }
    return (lines, damaged)
  }

  private static func ranks(_ lines: [Line]) -> [Rank] {
    guard let last = lines.last(where: { $0.hosts.count > 1 }) else { return [] }
    var ranks = last.hosts.enumerated().map { Rank(number: $0, host: $1, load: 0, compute: 0, communicate: 0) }
    for line in lines where line.hosts == last.hosts {
      for index in ranks.indices {
        ranks[index].load += line.loadSeconds[index]
        ranks[index].compute += line.computeSeconds[index]
        ranks[index].communicate += line.communicateSeconds[index]
      }
    }
    return ranks
  }

  /// The ranks that worked longest, the first one most, then in the order of their numbers.
  func slowest(_ count: Int) -> [Rank] {
    Array(ranks.sorted { ($1.load + $1.compute, $0.number) < ($0.load + $0.compute, $1.number) }.prefix(count))
  }
}
