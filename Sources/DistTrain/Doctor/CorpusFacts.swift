/// The numbers of a corpus by which settings are chosen for it.
package struct CorpusFacts: Sendable, Equatable {
  /// The number of utterances of each speaker, ascending.
  package let utterancesOfSpeakers: [Int]
  /// The lengths of the shortest, the middle and the longest utterance in seconds; 0 where none is known.
  package let shortest: Double
  package let median: Double
  package let longest: Double
  /// The length of all utterances together, in seconds.
  package let seconds: Double
  /// The number of recordings of each sampling rate in Hz, among those that were looked at.
  package var rates: [Int: Int] = [:]

  /// - Parameters:
  ///   - utterancesOfSpeakers: the number of utterances of each speaker, in any order.
  ///   - lengths: the lengths of the utterances in seconds, in any order.
  package init(utterancesOfSpeakers: [Int], lengths: [Double]) {
    self.utterancesOfSpeakers = utterancesOfSpeakers.sorted()
    let lengths = lengths.sorted()
    shortest = lengths.first ?? 0
    median = lengths.isEmpty ? 0 : lengths[lengths.count / 2]
    longest = lengths.last ?? 0
    seconds = lengths.reduce(0, +)
  }

  /// The facts that the lists tell, without sampling rates. Utterances whose recordings cannot be measured, which have
  /// no length, do not count.
  package init(_ corpus: Corpus) {
    let lengths = corpus.utterances.indices.map { corpus.utterances.seconds($0) }
    self.init(
      utterancesOfSpeakers: corpus.utterancesOfSpeaker.map { $0.count { lengths[Int($0)] > 0 } },
      lengths: lengths.filter { $0 > 0 })
  }

  package var speakers: Int { utterancesOfSpeakers.count }
  package var utterances: Int { utterancesOfSpeakers.reduce(0, +) }
  package var hours: Double { seconds / 3600 }

  /// The number of speakers that have only one utterance.
  package var speakersOfOne: Int { utterancesOfSpeakers.prefix { $0 < 2 }.count }

  /// The utterances at places spread over a corpus, by whose recordings sampling rates are told.
  /// - Parameter most: the largest number of them.
  package static func spread(_ corpus: Corpus, most: Int = 200) -> [Utterance] {
    let count = corpus.utterances.count
    let step = max(1, (count + most - 1) / most)
    return stride(from: 0, to: count, by: step).map { corpus.utterances[$0] }
  }

  /// The number of recordings of each sampling rate in Hz. Those that cannot be opened are left out.
  /// - Parameter finished: is called after each recording, from any thread.
  package static func rates(
    of utterances: [Utterance], finished: @Sendable () -> Void = {}
  ) -> [Int: Int] {
    let rates = utterances.concurrentMap(finished: finished) { try? AudioFile(path: $0.path).sampleRate }
    return rates.compactMap(\.self).reduce(into: [:]) { $0[$1, default: 0] += 1 }
  }
}
