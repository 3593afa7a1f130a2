import DistTrain
import Foundation
import TestTools
import Testing

/// What a run keeps of its evaluations beside their results.
@Suite struct KeptEvaluationTests {
  /// A data directory of three speakers with two utterances each, the first of them with a name in quotes, and trials of
  /// all pairs.
  private struct HeldOut {
    let folder: TestFolder
    let names = ["\"a\"", "a2", "b1", "b2", "c1", "c2"]

    init() throws {
      folder = try TestFolder()
      for (index, _) in names.enumerated() {
        try folder.writeWave(
          "\(index).wav", samples: NoiseCorpus.noise(speaker: index / 2, utterance: index, seconds: 0.5))
      }
      try folder.write("wav.scp", names.enumerated().map { "\($1) \($0).wav\n" }.joined())
      try folder.write("utt2spk", names.enumerated().map { "\($1) s\($0 / 2)\n" }.joined())
      try folder.write(
        "trials",
        names.indices.flatMap { first in
          names.indices.filter { $0 > first }.map { second in
            "\(names[first]) \(names[second]) \(first / 2 == second / 2 ? "target" : "nontarget")\n"
          }
        }.joined())
    }

    func evaluation() throws -> HeldOutEvaluation {
      try HeldOutEvaluation(corpus: folder.path, trials: folder.path("trials"))
    }
  }

  private var extractor: EmbeddingExtractor {
    let encoder = NoiseCorpus.encoder
    let parameters = Matrix(rows: 1, columns: encoder.layout.parameters.count)
    let statistics = Matrix(rows: 1, columns: encoder.layout.statistics.count)
    encoder.layout.parameters.initialise(parameters.pointer, seed: 1)
    encoder.layout.statistics.initialise(statistics.pointer, seed: 1)
    return EmbeddingExtractor(
      encoder: encoder, frontEnd: FrontEnd(bins: encoder.bins), parameters: parameters, statistics: statistics)
  }

  @Test func `the table of utterances has their places and what lists tell of them`() throws {
    let data = try HeldOut()
    try data.folder.write("spk2gender", "s0 f\ns1 m\n")
    try data.folder.write("utt2lang", "a2 en\nb1 de\n")
    try data.folder.write("utt2dom", "a2 song\na2 play\n")
    var notes: [String] = []
    let path = data.folder.path("utterances.tsv")
    try data.evaluation().writeUtterances(to: path) { notes.append($0) }
    let lines = try read(path).split(separator: "\n").map(String.init)
    #expect(lines[0] == "utterance\tspeaker\tseconds\tpath\tstart\tchannel\tgender\tlang")
    #expect(lines[1] == "\"\"\"a\"\"\"\ts0\t0.5\t\(data.folder.path)/0.wav\t0.0\t\tf\t")
    #expect(lines[2] == "a2\ts0\t0.5\t\(data.folder.path)/1.wav\t0.0\t\tf\ten")
    #expect(lines[6] == "c2\ts2\t0.5\t\(data.folder.path)/5.wav\t0.0\t\t\t" && lines.count == 7)
    #expect(notes.count == 1 && notes[0].contains("utt2dom:2: is listed twice"))
    let table = try UtteranceTable(path: path)
    #expect(try table.values("speaker", of: ["\"a\"", "c1", "nobody"]) == ["s0", "s2", nil])
  }

  @Test func `of many embeddings the first ones of each speaker are kept`() {
    #expect(HeldOutEvaluation.spread([0, 0, 0, 1, 2, 2], most: 6) == [0, 1, 2, 3, 4, 5])
    #expect(HeldOutEvaluation.spread([0, 0, 0, 1, 2, 2], most: 4) == [0, 1, 3, 4])
    #expect(HeldOutEvaluation.spread([0, 0, 0, 1, 2, 2], most: 2) == [0, 3])
  }

  @Test func `the best scores are those of the lowest EER after the first step, and go with it`() throws {
    let data = try HeldOut()
    let heldOut = try data.evaluation()
    let outcome = try heldOut.run(extractor, communicator: SoleCommunicator())
    try withScratchFolder { folder in
      let run = try RunFolder(creating: folder + "/run")
      let results = EvaluationResults(run)
      func isThere(_ name: String) -> Bool { FileSystem.exists("\(run.evaluationPath)/\(name)") }
      func keep(_ step: Int, isLast: Bool = false) throws {
        try results.keep(outcome, of: heldOut, step: step, isLast: isLast) { _ in }
      }
      func setResult(_ step: Int, _ eer: Double) throws {
        try write("{\"eer\":\(eer)}", to: results.path(ofStep: step))
      }
      // The evaluation before training counts as none, and is none.
      try keep(0)
      #expect(try results.bestStep() == nil && !isThere("best-scores") && !isThere("utterances.tsv"))
      try setResult(0, -1)
      try keep(1)
      #expect(try results.bestStep() == 1 && isThere("utterances.tsv") && !isThere("scores"))
      let list = try ScoreList.read(run.evaluationPath + "/best-scores")
      #expect(list.list.names.first == "\"a\"" && list.scores.count == 15)
      // An equal one is not better, and a worse one neither; of a higher one before, it is.
      try setResult(1, outcome.metrics.eer)
      try keep(2)
      #expect(try results.bestStep() == 1)
      try setResult(1, 101)
      try keep(3)
      #expect(try results.bestStep() == 3)
      try results.remove(after: 3)
      #expect(try results.bestStep() == 3)
      try results.remove(after: 2)
      #expect(try results.bestStep() == nil && !isThere("best-scores") && !isThere("best-result.json"))
    }
  }

  @Test func `the last evaluation keeps scores and embeddings, which go where training goes back before it`() throws {
    let data = try HeldOut()
    let heldOut = try data.evaluation()
    let outcome = try heldOut.run(extractor, communicator: SoleCommunicator())
    try withScratchFolder { folder in
      let run = try RunFolder(creating: folder + "/run")
      let results = EvaluationResults(run)
      let path = run.evaluationPath + "/embeddings.safetensors"
      func keepLast() throws {
        try results.keep(outcome, of: heldOut, step: 4, isLast: true) { _ in }
        try write(read(run.evaluationPath + "/result.json"), to: results.path(ofStep: 4))
      }
      try keepLast()
      let embeddings = try EmbeddingFile.read(path)
      #expect(embeddings.names == data.names && embeddings.vectors.values == outcome.embeddings.vectors.values)
      #expect(try SafetensorsFile(path: path).metadata["svdist.step"] == "4")
      #expect(try results.lastStep() == 4 && results.bestStep() == 4)
      try results.remove(after: 4)
      #expect(FileSystem.exists(path))
      // Scores without a result that names their step are no one's.
      try FileSystem.remove(run.evaluationPath + "/best-result.json")
      #expect(failure { _ = try results.bestStep() }?.kind == .badData)
      try results.remove(after: 3)
      let left = try FileSystem.names(in: run.evaluationPath)
      #expect(left == ["utterances.tsv"])
      try keepLast()
      try results.remove(after: -1)
      #expect(try FileSystem.names(in: run.evaluationPath).isEmpty)
    }
  }
}
