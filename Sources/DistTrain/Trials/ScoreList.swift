/// The scores of trials from a file.
public struct ScoreList: Sendable {
  /// The trials in the order of the file, with the answers that the file has.
  public let list: TrialList
  /// The score of each trial.
  public let scores: [Float]

  /// Reads lines of `enrolment test score`, with or without the answer behind it (wespeaker, svdist) or before the
  /// score (SpeechBrain), the answer in any of the words of `TrialLabel`. The first line that fits only one order decides
  /// for the file.
  /// - Throws: `Failure(.badData)` with the file, the line and what was expected there; also for a score that is not
  ///   finite.
  public static func read(_ path: String) throws -> ScoreList {
    try InputFile.contents(of: path).withUnsafeBytes { bytes in
      try LineReader.check(bytes, path: path)
      var reader = Reader(path: path, order: try Order(of: bytes, path: path))
      var lines = LineReader(bytes)
      do throws(ListFault) {
        while let line = lines.next() {
          try reader.read(UnsafeRawBufferPointer(rebasing: bytes[line]), line: lines.number)
        }
      } catch {
        throw error.failure(in: path)
      }
      return reader.result
    }
  }

  private enum Order: Equatable {
    case answerLast, answerFirst, withoutAnswer

    /// The order of the first line that fits only one.
    init(of bytes: UnsafeRawBufferPointer, path: String) throws {
      var lines = LineReader(bytes)
      var isEmpty = true
      while let place = lines.next() {
        let fields = ListFields(UnsafeRawBufferPointer(rebasing: bytes[place]))
        isEmpty = false
        if fields.count == 3 {
          self = .withoutAnswer
          return
        }
        guard fields.count == 4 else { break }
        let first = TrialLabel.isTarget(fields.third) != nil && ScoreList.number(fields.fourth) != nil
        let last = TrialLabel.isTarget(fields.fourth) != nil && ScoreList.number(fields.third) != nil
        if first != last {
          self = first ? .answerFirst : .answerLast
          return
        }
        if !first { break }
      }
      guard !isEmpty else { throw Failure(.badData, "\(path) has no scores") }
      throw Failure(
        .badData,
        "\(path), line \(lines.number): expected 'enrolment test score' or 'enrolment test score target|nontarget'")
    }

    var expected: String {
      switch self {
      case .answerLast: "'enrolment test score target|nontarget'"
      case .answerFirst: "'enrolment test 1|0 score'"
      case .withoutAnswer: "'enrolment test score', as in the first line"
      }
    }
  }

  /// The number that a field is, in decimals.
  private static func number(_ field: UnsafeRawBufferPointer) -> Float? {
    guard !field.contains(where: { $0 | 0x20 == UInt8(ascii: "x") }) else { return nil }
    return Float(String(decoding: field, as: UTF8.self))
  }

  private struct Reader {
    let path: String
    let order: Order
    private var table = NameTable()
    private var trials: [TrialList.Trial] = []
    private var gaps: [TrialList.Gap] = []
    private var scores: [Float] = []

    init(path: String, order: Order) {
      self.path = path
      self.order = order
    }

    var result: ScoreList {
      ScoreList(
        list: TrialList(
          path: path, names: table.names, trials: trials, gaps: gaps, isBlind: order == .withoutAnswer),
        scores: scores)
    }

    mutating func read(_ line: UnsafeRawBufferPointer, line number: Int) throws(ListFault) {
      let fields = ListFields(line)
      let (score, answer): (Float?, Bool?) =
        switch order {
        case .answerLast: (ScoreList.number(fields.third), TrialLabel.isTarget(fields.fourth))
        case .answerFirst: (ScoreList.number(fields.fourth), TrialLabel.isTarget(fields.third))
        case .withoutAnswer: (ScoreList.number(fields.third), false)
        }
      guard fields.count == (order == .withoutAnswer ? 3 : 4), let score, let answer else {
        let text = String(decoding: line.prefix(80), as: UTF8.self)
        throw ListFault(line: number, what: "expected \(order.expected), not '\(text)'")
      }
      guard score.isFinite else { throw ListFault(line: number, what: "a score that is not finite") }
      guard ListFields.isText(line) else {
        throw ListFault(line: number, what: "not UTF-8: convert the file with iconv")
      }
      guard table.count < Int(Int32.max) - 2 else { throw ListFault(line: number, what: "the list has too many names") }
      let others = number - 1 - trials.count
      if others > gaps.last?.lines ?? 0 { gaps.append(TrialList.Gap(trial: trials.count, lines: others)) }
      let (enrolment, test) = (table.number(of: fields.first), table.number(of: fields.second))
      trials.append(TrialList.Trial(enrolment: Int(enrolment), test: Int(test), isTarget: answer))
      scores.append(score)
    }
  }
}

extension ScoreList {
  /// The scores of a list's trials, in its order, found by the names of enrolment and test.
  /// - Returns: the scores, how many of the file are of no trial of the list, and how many trials have another answer in
  ///   the file.
  /// - Throws: `Failure(.badData)` that names the first trial without a score, and for a pair that the file has twice with
  ///   different scores.
  public func scores(of trials: TrialList) throws -> (scores: [Float], unused: Int, contradicted: Int) {
    var numbers: [Name: Int] = [:]
    for (number, name) in list.names.enumerated() { numbers[Name(name)] = number }
    var places: [UInt64: Int] = [:]
    places.reserveCapacity(list.trials.count)
    for (place, trial) in list.trials.enumerated() {
      let pair = UInt64(trial.enrolment) << 32 | UInt64(trial.test)
      if let other = places.updateValue(place, forKey: pair), scores[other] != scores[place] {
        throw Failure(
          .badData,
          "\(list.path), line \(list.line(of: place)): another score than in line \(list.line(of: other)) for the same "
            + "pair \(list.names[trial.enrolment]) \(list.names[trial.test])")
      }
    }
    let known = trials.names.map { numbers[Name($0)] }
    var used: Set<UInt64> = []
    var contradicted = 0
    let scores = try trials.trials.enumerated().map { index, trial in
      guard let enrolment = known[trial.enrolment], let test = known[trial.test],
        let place = places[UInt64(enrolment) << 32 | UInt64(test)]
      else {
        throw Failure(
          .badData,
          "\(trials.path), line \(trials.line(of: index)): \(trials.names[trial.enrolment]) "
            + "\(trials.names[trial.test]) has no score in \(list.path)")
      }
      used.insert(UInt64(enrolment) << 32 | UInt64(test))
      if !list.isBlind, list.trials[place].isTarget != trial.isTarget { contradicted += 1 }
      return self.scores[place]
    }
    return (scores, places.count - used.count, contradicted)
  }
}
