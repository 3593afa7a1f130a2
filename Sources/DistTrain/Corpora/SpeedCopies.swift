/// The utterances of a corpus once at each of several speeds: their order and their speakers, in 8 bytes for each.
final class SpeedCopies: Sendable {
  private let factors: [Double]
  private let recorded: Int
  /// The copy at each position, numbered as factor · utterances + utterance.
  private let order: [Int32]
  /// The position in `speakers` of each voice, numbered as factor · people + person.
  private let numbers: [Int32]
  let speakers: [String]
  let utterancesOfSpeaker: SpeakerUtterances

  /// Makes the copies of a corpus.
  /// - Precondition: the corpus is as recorded, and has fewer than 2³¹ copies.
  init(_ corpus: Corpus, factors: [Double]) {
    let table = corpus.table
    let (count, people) = (table.sizes.utterances, table.sizes.speakers)
    self.factors = factors
    recorded = count
    let marks = factors.map { Array(Self.mark($0).utf8) }
    order = Self.sorted(factors.count * count) { left, right in
      table.ids[left % count].compare(marks[left / count], table.ids[right % count], marks[right / count])
    }
    let all = factors.flatMap { factor in corpus.speakers.map { $0 + Self.mark(factor) } }
    var names: [String] = []
    var numbers = [Int32](repeating: 0, count: all.count)
    for index in ByteOrder.sorted(Array(all.indices), by: { all[$0] }) {
      if names.last.map({ ByteOrder.equal($0, all[index]) }) != true { names.append(all[index]) }
      numbers[index] = Int32(names.count - 1)
    }
    speakers = names
    self.numbers = numbers
    utterancesOfSpeaker = Self.grouped(
      order.map { numbers[Int($0) / count * people + Int(table.speakers[Int($0) % count])] }, speakers: names.count)
  }

  var count: Int { order.count }

  /// The copy at a position: the utterance as recorded, and the number and factor of its speed.
  subscript(position: Int) -> (utterance: Int, number: Int, factor: Double) {
    let (number, utterance) = Int(order[position]).quotientAndRemainder(dividingBy: recorded)
    return (utterance, number, factors[number])
  }

  /// The position in `speakers` of a recorded speaker's voice at the speed with a number.
  func speaker(_ recorded: Int, factor number: Int) -> Int {
    Int(numbers[number * (numbers.count / factors.count) + recorded])
  }

  /// The suffix that a speed adds to the names of speakers and utterances.
  static func mark(_ factor: Double) -> String { factor == 1 ? "" : "@\(factor)" }

  private static func sorted(_ count: Int, _ compare: (Int, Int) -> Int) -> [Int32] {
    // The copies of one speed are mostly in order already, and the sort merges such runs.
    (0..<Int32(count)).sorted { compare(Int($0), Int($1)) < 0 }
  }

  private static func grouped(_ numbers: [Int32], speakers: Int) -> SpeakerUtterances {
    let block = ByteBlock(count: 8 * (speakers + 1) + 4 * numbers.count)
    let firsts = UnsafeMutableRawBufferPointer(rebasing: block.bytes[..<(8 * (speakers + 1))])
      .bindMemory(to: Int64.self)
    let members = UnsafeMutableRawBufferPointer(rebasing: block.bytes[(8 * (speakers + 1))...])
      .bindMemory(to: Int32.self)
    for speaker in numbers { firsts[Int(speaker) + 1] += 1 }
    for speaker in 0..<speakers { firsts[speaker + 1] += firsts[speaker] }
    var next = Array(firsts)
    for (position, speaker) in numbers.enumerated() {
      members[Int(next[Int(speaker)])] = Int32(position)
      next[Int(speaker)] += 1
    }
    return SpeakerUtterances(
      firsts: firsts, members: UnsafeBufferPointer(members), of: block)
  }
}
