import DistTrain
import Foundation
import TestTools
import Testing

@Suite struct TrainingStateTests {
  private let state = TrainingState(
    step: 12, seed: .max, configuration: "9f86d0", corpus: "4 utterances", sampler: .init(epoch: 1, index: 4),
    augmentation: ["noise": "1 recording"], replaced: ["a"], unreadableRecordings: ["noise/b.wav"], version: "0.1.0",
    ranks: 2)

  @Test func `a state comes back as it was written`() throws {
    #expect(try TrainingState(json: try state.json, path: "state.json") == state)
  }

  @Test func `a state from before it named what augmentation draws from is read`() throws {
    let state = try TrainingState(
      json: changed { object in
        for key in ["augmentation", "unreadableRecordings"] { object[key] = nil }
      }, path: "state.json")
    #expect(state.augmentation == nil && state.unreadableRecordings == nil && state.replaced == ["a"])
  }

  @Test func `a state names its stage where there are several`() throws {
    #expect(try !String(decoding: state.json, as: UTF8.self).contains("stage"))
    var staged = state
    staged.stage = 2
    #expect(try TrainingState(json: staged.json, path: "state.json").stage == 2)
    let broken = try changed { $0["stage"] = Int.min }
    #expect(failure { _ = try TrainingState(json: broken, path: "f") }?.kind == .badData)
  }

  @Test func `a state keeps the weights that steps go on with`() throws {
    #expect(try !String(decoding: state.json, as: UTF8.self).contains("weighting"))
    var weighted = state
    weighted.weighting = WeightSolution(weights: [0.1, 1 - 0.1], present: [true, true])
    #expect(try TrainingState(json: weighted.json, path: "state.json") == weighted)
    let unknown = try changed { $0["weighting"] = ["weights": [1], "present": [true], "alpha": 1] }
    #expect(failure { _ = try TrainingState(json: unknown, path: "f") }?.message.contains("\"alpha\"") == true)
    let type = try changed { $0["weighting"] = ["weights": ["a"], "present": [true]] }
    #expect(failure { _ = try TrainingState(json: type, path: "f") }?.kind == .badData)
  }

  @Test(arguments: [
    "step", "seed", "configuration", "corpus", "sampler", "replaced", "rollbacks", "skipped", "version", "ranks",
  ])
  func `a missing key is told by its name`(key: String) throws {
    let json = try changed { $0[key] = nil }
    let failure = failure { _ = try TrainingState(json: json, path: "state.json") }
    #expect(failure?.kind == .badData)
    #expect(failure?.message == "state.json: the key \"\(key)\" is missing")
  }

  @Test func `an unknown key is told by its name, inside too`() throws {
    let outside = try changed { $0["optimiser"] = 1 }
    #expect(failure { _ = try TrainingState(json: outside, path: "f") }?.message.contains("\"optimiser\"") == true)
    let inside = try changed { $0["sampler"] = ["epoch": 1, "index": 4, "shard": 3] }
    #expect(failure { _ = try TrainingState(json: inside, path: "f") }?.message.contains("\"shard\"") == true)
  }

  @Test func `a value of another type or out of range is told`() throws {
    let type = try changed { $0["step"] = "12" }
    #expect(failure { _ = try TrainingState(json: type, path: "f") }?.message.contains("\"step\"") == true)
    let negative = try changed { $0["step"] = -1 }
    #expect(failure { _ = try TrainingState(json: negative, path: "f") }?.kind == .badData)
    let excessive = try changed { $0["skipped"] = 13 }
    #expect(failure { _ = try TrainingState(json: excessive, path: "f") }?.kind == .badData)
    for key in ["step", "rollbacks", "ranks"] {
      let huge = try changed { $0[key] = Int.max }
      #expect(failure { _ = try TrainingState(json: huge, path: "f") }?.message.contains("beyond") == true, "\(key)")
    }
    #expect(failure { _ = try TrainingState(json: Array("{\"step\"".utf8), path: "f") }?.kind == .badData)
  }

  private func changed(_ change: (inout [String: Any]) -> Void) throws -> [UInt8] {
    var object = try #require(try JSONSerialization.jsonObject(with: Data(try state.json)) as? [String: Any])
    change(&object)
    return [UInt8](try JSONSerialization.data(withJSONObject: object))
  }
}
