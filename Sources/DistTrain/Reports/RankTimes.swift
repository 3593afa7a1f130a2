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

  /// The ranks of the last start that had several, in their order.
  let ranks: [Rank]

  /// Reads a log; nil where there is none, no line of it can be read, or none is of several ranks. Lines of other ranks or hosts than
  /// the last one's are left out.
  init?(path: String) {
    guard FileSystem.exists(path), let bytes = try? InputFile.contents(of: path) else { return nil }
    let lines = bytes.split(separator: UInt8(ascii: "\n")).compactMap {
      try? JSONDecoder().decode(Line.self, from: Data($0))
    }.filter(\.isWhole)
    guard let last = lines.last(where: { $0.hosts.count > 1 }) else { return nil }
    var ranks = last.hosts.enumerated().map { Rank(number: $0, host: $1, load: 0, compute: 0, communicate: 0) }
    for line in lines where line.hosts == last.hosts {
      for index in ranks.indices {
        ranks[index].load += line.loadSeconds[index]
        ranks[index].compute += line.computeSeconds[index]
        ranks[index].communicate += line.communicateSeconds[index]
      }
    }
    self.ranks = ranks
  }

  /// The ranks that worked longest, the first one most, then in the order of their numbers.
  func slowest(_ count: Int) -> [Rank] {
    Array(ranks.sorted { ($1.load + $1.compute, $0.number) < ($0.load + $0.compute, $1.number) }.prefix(count))
  }
}
