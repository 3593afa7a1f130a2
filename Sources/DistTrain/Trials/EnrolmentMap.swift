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

  /// Reads a file of enrolments.
  /// - Throws: `Failure(.badData)` with the file, the line and what was expected there.
  package static func read(_ path: String) throws -> EnrolmentMap {
    let text = String(decoding: try InputFile.contents(of: path), as: UTF8.self)
    var enrolments: [Enrolment] = []
    var lines: [String: Int] = [:]
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      let fields = line.split(whereSeparator: \.isWhitespace).map(String.init)
      guard let name = fields.first else { continue }
      guard fields.count > 1 else {
        throw Failure(.badData, "\(path), line \(index + 1): expected 'enrolment utterance …', not '\(name)' alone")
      }
      if let earlier = lines.updateValue(index + 1, forKey: name) {
        throw Failure(.badData, "\(path), line \(index + 1): enrolment \(name) is already on line \(earlier)")
      }
      enrolments.append(Enrolment(name: name, utterances: Array(fields.dropFirst()), line: index + 1))
    }
    guard !enrolments.isEmpty else { throw Failure(.badData, "\(path) has no enrolments") }
    return EnrolmentMap(path: path, enrolments: enrolments)
  }
}
