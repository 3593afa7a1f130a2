extension TrialList {
  /// Reads a list whose lines have one of two orders, `1|0 enrolment test` (VoxCeleb) or, in most corpora and toolkits,
  /// `enrolment test 1|0|target|nontarget` (CN-Celeb, 3D-Speaker, Kaldi, wespeaker), with the answer in any of the
  /// words of `TrialLabel`. The first line that fits only one of them decides for the file.
  ///
  /// - Parameter allowsBlind: also takes a list of `enrolment test` without answers.
  /// - Throws: `Failure(.badData)` with the file, the line and what was expected there.
  public static func read(_ path: String, allowsBlind: Bool = false) throws -> TrialList {
    try read(path, allowsBlind: allowsBlind, isLenient: false)
  }

  /// Reads a list as the other `read` does.
  /// - Parameter isLenient: passes over a line that is wrong and notes it in `faults`, as long as any other is right.
  ///   Answers are lacking then where most lines have two fields.
  package static func read(_ path: String, allowsBlind: Bool, isLenient: Bool) throws -> TrialList {
    var reader = Reader(path: path)
    do {
      try InputFile.contents(of: path).withUnsafeBytes { bytes in
        try LineReader.check(bytes, path: path)
        reader.order = try Reader.order(of: bytes, path: path, allowsBlind: allowsBlind, isLenient: isLenient)
        var lines = LineReader(bytes)
        while let line = lines.next() {
          do throws(ListFault) {
            try reader.read(UnsafeRawBufferPointer(rebasing: bytes[line]), line: lines.number)
          } catch {
            guard isLenient else { throw error }
            reader.faults.append(error)
          }
        }
        if reader.trials.isEmpty, let first = reader.faults.first { throw first }
      }
    } catch let fault as ListFault {
      throw fault.failure(in: path)
    }
    return TrialList(
      path: path, names: reader.table.names, trials: reader.trials, gaps: reader.gaps,
      isBlind: reader.order == .withoutAnswer, faults: reader.faults)
  }
}

extension TrialList {
  private enum Order {
    case targetFirst, targetLast, withoutAnswer

    var expected: String {
      switch self {
      case .targetFirst: "'1|0 enrolment test'"
      case .targetLast: "'enrolment test 1|0|target|nontarget'"
      case .withoutAnswer: "'enrolment test', as in the first line"
      }
    }
  }

  private struct Reader {
    let path: String
    var order = Order.targetLast
    var table = NameTable()
    var trials: [Trial] = []
    var gaps: [Gap] = []
    var faults: [ListFault] = []

    init(path: String) { self.path = path }

    mutating func read(_ line: UnsafeRawBufferPointer, line number: Int) throws(ListFault) {
      let fields = ListFields(line)
      let names = order == .targetFirst ? (fields.second, fields.third) : (fields.first, fields.second)
      let target: Bool? =
        switch order {
        case .targetFirst: TrialLabel.isTarget(fields.first)
        case .targetLast: TrialLabel.isTarget(fields.third)
        case .withoutAnswer: false
        }
      guard fields.count == (order == .withoutAnswer ? 2 : 3), let target else {
        throw Self.malformed(number, line, expected: order.expected)
      }
      guard ListFields.isText(line) else {
        throw ListFault(line: number, what: "not UTF-8: convert the file with iconv")
      }
      guard table.count < Int(Int32.max) - 2 else { throw ListFault(line: number, what: "the list has too many names") }
      let others = number - 1 - trials.count
      if others > gaps.last?.lines ?? 0 { gaps.append(Gap(trial: trials.count, lines: others)) }
      let enrolment = table.number(of: names.0)
      let test = table.number(of: names.1)
      trials.append(Trial(enrolment: Int(enrolment), test: Int(test), isTarget: target))
    }

    /// Whether most lines have two fields.
    private static func isMostlyBlind(_ bytes: UnsafeRawBufferPointer) -> Bool {
      var balance = 0
      var lines = LineReader(bytes)
      while let place = lines.next() {
        balance += ListFields(UnsafeRawBufferPointer(rebasing: bytes[place])).count == 2 ? 1 : -1
      }
      return balance > 0
    }

    /// The order of the first line that can be read in one order only.
    static func order(
      of bytes: UnsafeRawBufferPointer, path: String, allowsBlind: Bool, isLenient: Bool
    ) throws -> Order {
      if isLenient, allowsBlind, isMostlyBlind(bytes) { return .withoutAnswer }
      var ambiguous: Int?
      var fault: ListFault?
      var lines = LineReader(bytes)
      while let place = lines.next() {
        let line = UnsafeRawBufferPointer(rebasing: bytes[place])
        let fields = ListFields(line)
        if allowsBlind, !isLenient, fields.count == 2, ambiguous == nil { return .withoutAnswer }
        let first = fields.count == 3 && TrialLabel.isTarget(fields.first) != nil
        let last = fields.count == 3 && TrialLabel.isTarget(fields.third) != nil
        // Beside a word, a digit is a name.
        let isDigit = (TrialLabel.digit(fields.first) != nil, TrialLabel.digit(fields.third) != nil)
        switch (first, last) {
        case (true, false): return .targetFirst
        case (false, true): return .targetLast
        case (true, true) where isDigit == (true, false): return .targetLast
        case (true, true) where isDigit == (false, true): return .targetFirst
        case (true, true): ambiguous = ambiguous ?? lines.number
        case (false, false):
          let expected = Order.targetLast.expected + " or " + Order.targetFirst.expected
          fault = fault ?? malformed(lines.number, line, expected: expected)
          if !isLenient, let fault { throw fault }
        }
      }
      guard let ambiguous else { throw fault?.failure(in: path) ?? Failure(.badData, "\(path) has no trials") }
      throw Failure(
        .badData,
        "\(path), line \(ambiguous): it is not clear which field is the 1 or 0; write target or nontarget instead")
    }

    private static func malformed(
      _ number: Int, _ line: UnsafeRawBufferPointer, expected: String
    ) -> ListFault {
      ListFault(
        line: number, what: "expected \(expected), not '\(String(decoding: line.prefix(80), as: UTF8.self))'")
    }
  }
}
