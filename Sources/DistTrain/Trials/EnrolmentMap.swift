/// The utterances that each enrolment is made of, in lines of CN-Celeb's `enroll.map`: `enrolment utterance utterance
/// …`.
package struct EnrolmentMap: Sendable, Equatable {
  /// A speaker's enrolment, made of one or more utterances.
  package struct Enrolment: Sendable, Equatable {
    package let name: String
    package let utterances: [String]
    /// The line of the file, counted from 1.
    package let line: Int
  }

  package let path: String
  package let enrolments: [Enrolment]
  /// The lines that were passed over; none unless the file was read leniently.
  package var faults: [ListFault] = []

  /// Reads a file of enrolments. The utterances of an enrolment stand on one line or on several.
  /// - Parameter isLenient: passes over a line without utterances and notes it in `faults`, as long as any other is
  ///   right.
  /// - Throws: `Failure(.badData)` with the file, the line and what was expected there.
  package static func read(_ path: String, isLenient: Bool = false) throws -> EnrolmentMap {
    var names: [(name: String, line: Int)] = []
    var utterances: [[String]] = []
    var places: [Name: Int] = [:]
    var faults: [ListFault] = []
    for line in try TextLines.read(path) {
      let fields = line.fields
      guard fields.count > 1 else {
        faults.append(
          ListFault(line: line.number, what: "expected 'enrolment utterance …', not '\(fields[0])' alone"))
        guard isLenient else { throw faults[0].failure(in: path) }
        continue
      }
      if let place = places[Name(fields[0])] {
        utterances[place] += fields.dropFirst()
      } else {
        places[Name(fields[0])] = names.count
        names.append((fields[0], line.number))
        utterances.append(Array(fields.dropFirst()))
      }
    }
    guard !names.isEmpty else {
      throw faults.first?.failure(in: path) ?? Failure(.badData, "\(path) has no enrolments")
    }
    return EnrolmentMap(
      path: path,
      enrolments: zip(names, utterances).map { Enrolment(name: $0.name, utterances: $1, line: $0.line) },
      faults: faults)
  }
}
