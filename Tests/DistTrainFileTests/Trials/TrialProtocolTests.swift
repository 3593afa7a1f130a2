import DistTrain
import TestTools
import Testing

@Suite struct TrialProtocolTests {
  private func list(_ count: Int) -> TrialList {
    TrialList(
      path: "list", names: ["a", "b"],
      trials: Array(repeating: TrialList.Trial(enrolment: 0, test: 1, isTarget: true), count: count))
  }

  @Test func `published lists are known by their numbers of trials`() throws {
    #expect(
      try TrialProtocol.voxCeleb1O.words(for: list(37_611), hasMap: false) == "voxceleb1-o, cleaned, 37611 trials")
    #expect(
      try TrialProtocol.voxCeleb1O.words(for: list(37_720), hasMap: false) == "voxceleb1-o, original, 37720 trials")
    #expect(
      try TrialProtocol.cnCeleb.words(for: list(3_484_292), hasMap: true)
        == "cn-celeb, official, 3484292 trials, enrolments by the mean of their pieces")
  }

  @Test func `another list is refused, by its name where it has one`() {
    let told = #expect(throws: Failure.self) {
      try TrialProtocol.voxCeleb1H.words(for: list(37_611), hasMap: false)
    }
    #expect(
      told?.message
        == "list: has 37611 trials, voxceleb1-h has 550894 cleaned, 552536 original: it is the cleaned list of "
        + "voxceleb1-o")
    let unknown = #expect(throws: Failure.self) {
      try TrialProtocol.cnCeleb.words(for: list(5), hasMap: false)
    }
    #expect(unknown?.message == "list: has 5 trials, cn-celeb has 3484292 official")
    #expect(unknown?.kind == .badData)
  }

  @Test func `what published results subtract is said where it is not`() {
    #expect(TrialProtocol.voxCeleb1E.remark(subtractsMean: true) == nil)
    #expect(TrialProtocol.voxCeleb1E.remark(subtractsMean: false)?.contains("--subtract-mean") == true)
  }
}
