import DistTrain
import Foundation
import TestTools

/// A run folder as a training leaves it, made by hand.
struct RunFixture {
  var name = "run"
  var steps = 20
  /// Settings beside those of the defaults.
  var settings = "training: {steps: 20}\n"
  /// The EER in percent by step.
  var evaluations: [(step: Int, eer: Double)] = [(0, 40), (10, 12), (20, 15)]
  /// The same of further sets, by their names.
  var sets: [String: [(step: Int, eer: Double)]] = [:]
  /// How far the targets' scores are above the others'; nil leaves the scores out.
  var separation: Float? = 0.6
  /// The same of the scores of the best evaluation, with its step; nil leaves these out.
  var best: (step: Int, separation: Float)?
  /// The trials' speakers.
  var speakers = 8
  /// Whether the utterances of the trials are listed: three of each speaker, of 1.2 s, 3.5 s and 7 s, every other
  /// speaker's of one sex.
  var hasUtterances = false
  /// The recordings of some utterances, by their names.
  var recordings: [String: String] = [:]
  /// Whether the utterances' embeddings are kept.
  var hasEmbeddings = false
  /// Whether the log has nothing but steps and one loss.
  var isSparse = false
  /// The lines of the ranks' log.
  var rankLines = [
    rankLine(5, hosts: ["n1", "n9", "n8"], load: 100, compute: 100, communicate: 100), "{\"step\":6}",
    "{\"step\":10,\"hosts\":[\"n1\",\"n<2>\"],\"loadSeconds\":[0,1],\"computeSeconds\":[3,4],\"communicateSeconds\":[2,2]}",
    "{\"step\":20,\"hosts\":[\"n1\",\"n<2>\"],\"loadSeconds\":[1,2],\"computeSeconds\":[2,5],\"communicateSeconds\":[2,2]}",
    "{\"step\":2",
  ]

  /// A line whose ranks have equal times.
  static func rankLine(_ step: Int, hosts: [String], load: Double, compute: Double, communicate: Double) -> String {
    let times = [("loadSeconds", load), ("computeSeconds", compute), ("communicateSeconds", communicate)].map {
      "\"\($0)\":[\(Array(repeating: "\($1)", count: hosts.count).joined(separator: ","))]"
    }
    return "{\"step\":\(step),\"hosts\":[\"\(hosts.joined(separator: "\",\""))\"],\(times.joined(separator: ","))}"
  }

  /// Writes the folder and gives its path.
  @discardableResult
  func write(in parent: String) throws -> String {
    let folder = try RunFolder(creating: "\(parent)/\(name)")
    try TestTools.write((1...steps).map { line($0) + "\n" }.joined(), to: folder.metricsPath)
    try TestTools.write(settings, to: folder.configurationPath)
    for one in evaluations { try TestTools.write(result(one), to: "\(folder.evaluationPath)/step-\(one.step).json") }
    for (name, evaluations) in sets {
      try FileSystem.createFolder("\(folder.evaluationPath)/\(name)")
      for one in evaluations {
        try TestTools.write(result(one), to: "\(folder.evaluationPath)/\(name)/step-\(one.step).json")
      }
    }
    if let separation, let last = evaluations.last {
      try TestTools.write(result(last), to: "\(folder.evaluationPath)/result.json")
      try TestTools.write(scores(separation), to: "\(folder.evaluationPath)/scores")
    }
    if let best {
      let json = "{\"step\":\(best.step),\(eer(1)),\(numbers)}"
      try TestTools.write(json, to: "\(folder.evaluationPath)/best-result.json")
      try TestTools.write(scores(best.separation), to: "\(folder.evaluationPath)/best-scores")
    }
    if hasUtterances { try TestTools.write(utterances, to: "\(folder.evaluationPath)/utterances.tsv") }
    if hasEmbeddings { try writeEmbeddings(to: "\(folder.evaluationPath)/embeddings.safetensors") }
    guard !isSparse else { return folder.path }
    try TestTools.write(rankLines.joined(separator: "\n"), to: folder.ranksPath)
    try RunHistory(folder).add(
      RunHistory.Start(
        date: "2026-11-30T00:00:00Z", version: "0.2.0", command: ["svdist"], hosts: ["a<b>&\"c\""], ranks: 2,
        threads: 3,
        restart: false, step: 0, changes: []))
    return folder.path
  }

  static let lengths = [1.2, 3.5, 7]

  private var utterances: String {
    let lines = (0..<3 * speakers).map { number in
      let (speaker, path) = (number / 3, recordings["u\(number)"] ?? "/nowhere/u\(number).wav")
      let gender = speaker % 2 == 0 ? "f" : "m"
      return "u\(number)\tp\(speaker)\t\(Self.lengths[number % 3])\t\(path)\t0.0\t\t\(gender)\n"
    }
    return "utterance\tspeaker\tseconds\tpath\tstart\tchannel\tgender\n" + lines.joined()
  }

  /// Each speaker's embeddings lie about a corner of a space.
  private func writeEmbeddings(to path: String) throws {
    let names = (0..<3 * speakers).map { "u\($0)" }
    let vectors = Matrix.zeros(rows: names.count, columns: 8)
    for row in names.indices {
      vectors[row, row / 3 % 8] = 4
      vectors[row, row % 3] += 1
    }
    let embeddings = try Embeddings(names: names, vectors: vectors)
    try EmbeddingFile.write(embeddings, metadata: ["svdist.step": "\(steps)"], to: path)
  }

  private func result(_ one: (step: Int, eer: Double)) -> String {
    "{\(eer(one.eer)),\(numbers)}\n"
  }

  private func eer(_ percent: Double) -> String {
    "\"eer\":\(percent),\"minDCF\":{\"0.01\":0.5,\"0.05\":0.25}"
  }

  /// The numbers of trials of `scores`.
  private var numbers: String {
    let names = 3 * speakers
    return "\"trials\":\(names * (names - 1) / 2),\"targets\":\(names)"
  }

  /// The log's line of a step.
  private func line(_ step: Int) -> String {
    if isSparse { return "{\"step\":\(step),\"epoch\":0,\"classificationLoss\":\(step)}" }
    var metrics = StepMetrics(step: step, epoch: 0, objectives: ["classification", "contrastive"])
    for index in 0..<2 {
      metrics.objectives[index].loss = Double(step + index)
      metrics.objectives[index].weight = index == 0 ? 0.25 : 0.75
      metrics.objectives[index].gradientNorm = 1 / Double(step)
    }
    metrics.gradientCosines = [0.5]
    (metrics.learningRate, metrics.margin) = (0.1, 0.2)
    (metrics.utterancesPerSecond, metrics.totalSeconds, metrics.elapsedSeconds) = (16, 2, 3 * Double(step))
    (metrics.loadSeconds, metrics.forwardSeconds, metrics.backwardSeconds) = (0.25, 0.5, 0.75)
    (metrics.communicateSeconds, metrics.checkpointSeconds, metrics.skipped) = (0.25, 0.5, 0)
    return metrics.json
  }

  private func scores(_ separation: Float) -> String {
    let names = 0..<3 * speakers
    return names.flatMap { first in
      names.filter { $0 > first }.map { second in
        let isTarget = first / 3 == second / 3
        let score = Float((first * 37 + second * 101) % 200) / 200 + (isTarget ? separation : 0)
        return "u\(first) u\(second) \(score) \(isTarget ? "target" : "nontarget")\n"
      }
    }.joined()
  }
}
