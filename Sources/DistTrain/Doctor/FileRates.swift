/// The rates at which a corpus's files open and are read from where they lie, rather than from memory.
package struct FileRates: Codable, Sendable {
  /// The median time from a file's name to its first bytes, in seconds.
  package var open: Double
  /// The longest such time, in seconds.
  package var slowestOpen: Double
  /// The rate of reading in MB/s, opening included.
  package var read: Double

  package init(open: Double, slowestOpen: Double, read: Double) {
    self.open = open
    self.slowestOpen = slowestOpen
    self.read = read
  }

  /// Reads files spread over the corpus, each rank different ones, for about so many seconds.
  static func measure(
    _ corpus: Corpus, seconds: Double, rank: Int, ranks: Int
  ) throws -> FileRates {
    let most = 32
    let step = max(1, corpus.utterances.count / (most * ranks))
    let spread = Array(stride(from: rank * step, to: corpus.utterances.count, by: step * ranks).prefix(most))
    var openings: [Double] = []
    var time = 0.0
    var bytes = 0
    for place in spread.isEmpty ? [rank % corpus.utterances.count] : spread {
      let path = corpus.utterances[place].path
      let (name, offset) = ShardMember.place(path) ?? (path, 0)
      var opening = monotonicSeconds()
      let file = try InputFile(path: name)
      opening = monotonicSeconds() - opening
      file.forget()
      let rest = max(0, file.bytes - offset)
      opening += try Stopwatch.seconds { _ = try file.read(at: offset, count: min(rest, 4096)) }
      openings.append(opening)
      // Only a part of a shard is read, as long as an utterance may be.
      let count = min(rest, offset == 0 ? 16 << 20 : 1 << 19)
      time += try opening + Stopwatch.seconds { _ = try file.read(at: offset, count: count) }
      bytes += count
      if time > seconds { break }
    }
    return FileRates(
      open: Stopwatch.median(openings), slowestOpen: openings.max() ?? 0, read: Double(bytes) / time / 1e6)
  }

  /// The means over the ranks, and the slowest opening of all.
  static func joined(_ all: [FileRates]) -> FileRates {
    let count = Double(all.count)
    return FileRates(
      open: all.reduce(0) { $0 + $1.open } / count, slowestOpen: all.map(\.slowestOpen).max() ?? 0,
      read: all.reduce(0) { $0 + $1.read } / count)
  }
}
