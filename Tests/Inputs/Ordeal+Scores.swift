import DistTrain
import Foundation

extension Ordeal {
  /// Writes bytes into a file of the folder, with damage or without.
  private mutating func written(_ bytes: [UInt8], _ name: String) throws -> String {
    let damage = OddBytes.allCases[random.below(OddBytes.allCases.count)]
    let path = "\(folder)/\(name)-\(runs)"
    try Data(damage.applied(to: bytes, &random)).write(to: URL(fileURLWithPath: path))
    return path
  }

  private mutating func written(_ lines: [String], _ name: String) throws -> String {
    try written(Array(lines.map { $0 + "\n" }.joined().utf8), name)
  }

  /// Scores of all pairs of 6 speakers' 3 utterances.
  private mutating func scores() -> [String] {
    (0..<18).flatMap { first in
      (first + 1..<18).map { second in
        let isTarget = first / 3 == second / 3
        let score = random.normal() + (isTarget ? 2 : 0)
        return String(format: "u%d u%d %.5f %@", first, second, score, isTarget ? "target" : "nontarget")
      }
    }
  }

  /// Gives files of scores, tables and thresholds to the commands that read them.
  mutating func judgeScores(verifying recordings: [String]) throws {
    let one = try written(scores(), "one.scores")
    let other = try written(scores(), "other.scores")
    let table = try written(
      ["utterance,sex,age"] + (0..<18).map { "u\($0),\($0 % 2 == 0 ? "f" : "m"),\($0)" }, "table.csv")
    try svdist([
      "metrics", one, "--resamples", "100", "--table", table, "--by", "sex", "--by", "age", "--worst", "3",
      "--likelihood-ratios", "--plots", "\(folder)/plots-\(runs)",
    ])
    try svdist(["metrics", one, "--against", other, "--resamples", "100", "--json"])
    try svdist(["fuse", one, other, "--by", other, one, "--scores", "\(folder)/fused-\(runs)"])
    let file = "\(folder)/threshold-\(runs).json"
    let found = try svdist(["threshold", one, "--false-accepts", "0.3", "--resamples", "100", "--output", file])
    guard found.status == 0 else { return }
    let threshold = try written(InputFile.contents(of: file), "threshold.json")
    try svdist(["verify"] + recordings + ["--encoder", encoder, "--threshold", threshold])
  }

  /// Fits a back end to embeddings, and scores a corpus's trials by it.
  mutating func score(_ embeddings: String, of data: String, _ corpus: OddCorpus) throws {
    let file = "\(folder)/back-end-\(runs).safetensors"
    let ways = [[], ["--normalization", "none"], ["--scoring", "plda"], ["--cohort", "utterances", "--top", "3"]]
    let fitted = try svdist(
      ["fit", "--embeddings", embeddings, "--speakers", data, "--output", file] + ways[random.below(ways.count)])
    let trials = ["--trials", corpus.trials]
    try svdist(
      ["evaluate", "--encoder", encoder, "--corpus", data, "--crops", "3", "--crop-seconds", "0.3"] + trials)
    guard fitted.status == 0 else { return }
    let lengths = try written(["u0 1.5", "u1 2"], "utt2dur")
    try svdist(
      ["evaluate", "--encoder", encoder, "--corpus", data, "--back-end", file, "--durations", "0.3", "--allow-overlap"]
        + trials)
    let damaged = try written(InputFile.contents(of: file), "damaged.safetensors")
    for backEnd in [file, damaged] {
      try svdist(
        ["score", "--back-end", backEnd, "--embeddings", embeddings, "--scores", "\(folder)/scores-\(runs)"]
          + ["--utt2dur", lengths] + trials)
    }
  }
}
