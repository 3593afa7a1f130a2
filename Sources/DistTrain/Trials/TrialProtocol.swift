/// A published list of trials, known by its number of trials.
package enum TrialProtocol: String, Sendable, CaseIterable {
  case voxCeleb1O = "voxceleb1-o"
  case voxCeleb1E = "voxceleb1-e"
  case voxCeleb1H = "voxceleb1-h"
  case cnCeleb = "cn-celeb"

  /// The editions of the list and their numbers of trials: VoxCeleb's cleaned lists (veri_test2, list_test_all2 and
  /// list_test_hard2) and those before, and CN-Celeb's trials.lst.
  private var editions: [(name: String, trials: Int)] {
    switch self {
    case .voxCeleb1O: [("cleaned", 37_611), ("original", 37_720)]
    case .voxCeleb1E: [("cleaned", 579_818), ("original", 581_480)]
    case .voxCeleb1H: [("cleaned", 550_894), ("original", 552_536)]
    case .cnCeleb: [("official", 3_484_292)]
    }
  }

  /// A line that says which edition a list is, and how its enrolments are made where the protocol knows two ways.
  /// - Parameter hasMap: whether enrolments are means of several embeddings.
  /// - Throws: `Failure(.badData)` where the list has another number of trials, which says what list has so many.
  package func words(for list: TrialList, hasMap: Bool) throws -> String {
    let count = list.trials.count
    guard let edition = editions.first(where: { $0.trials == count }) else {
      let own = editions.map { "\($0.trials) \($0.name)" }.joined(separator: ", ")
      let other = Self.allCases.flatMap { one in one.editions.map { (one, $0) } }.first { $0.1.trials == count }
      let hint = other.map { ": it is the \($0.1.name) list of \($0.0.rawValue)" } ?? ""
      throw Failure(.badData, "\(list.path): has \(count.counted("trial")), \(rawValue) has \(own)\(hint)")
    }
    let enrolments =
      self == .cnCeleb ? hasMap ? ", enrolments by the mean of their pieces" : ", enrolments in one recording each" : ""
    return "\(rawValue), \(edition.name), \(count.counted("trial"))\(enrolments)"
  }

  /// What published results on the list are usually made with, where it is not.
  /// - Parameter subtractsMean: whether a mean embedding is subtracted, by itself or within a back end.
  package func remark(subtractsMean: Bool) -> String? {
    guard !subtractsMean else { return nil }
    return "\(rawValue): published cosines (wespeaker) are taken after the training set's mean is subtracted: "
      + "--subtract-mean FILE"
  }
}
