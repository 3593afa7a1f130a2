import DistTrain
import Foundation
import Testing

@Suite struct EarlyEndTests {
  @Test(
    arguments: [
      (nil, [], "stopped by SIGTERM: nothing was written; the same command starts over"),
      (
        "3 of 8 utterances embedded", [],
        "stopped by SIGTERM after 3 of 8 utterances embedded: nothing was written; the same command starts over"
      ),
      (nil, ["data/ours"], "stopped by SIGTERM: data/ours is whole and kept, the rest was not written"),
      (nil, ["a", "a", "b"], "stopped by SIGTERM: a, b are whole and kept, the rest was not written"),
    ] as [(String?, [String], String)])
  func `the line says what was done and what is kept`(progress: String?, finished: [String], line: String) {
    #expect(EarlyEnd.line(by: SIGTERM, progress, finished: finished) == line)
  }
}
