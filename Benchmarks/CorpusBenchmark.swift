import ArgumentParser
import DistTrain
import Foundation

/// A corpus of the size of VoxCeleb 1 and 2 as training opens it: lists only, no audio.
struct CorpusBenchmark: Benchmark {
  static let configuration = CommandConfiguration(
    commandName: "corpus",
    abstract: "Opening 1.2 million utterances of 7,000 speakers, and drawing an epoch's order.")

  @Option(help: "Utterances of the generated corpus.")
  var utterances = 1_200_000

  @Option(help: "Speakers of the generated corpus.")
  var speakers = 7000

  @OptionGroup var output: OutputOptions

  func measure(_ communicator: any Communicator) throws -> [Measure] {
    let folder = FileManager.default.temporaryDirectory.path + "/svdist-benchmark-corpus-\(getppid())"
    defer { if communicator.rank == 0 { try? FileManager.default.removeItem(atPath: folder) } }
    let indexing = try communicator.agree { () -> Double in
      guard communicator.rank == 0 else { return 0 }
      try GeneratedLists.write(to: folder, speakers: speakers, utterances: utterances)
      return try Seconds.of { try CorpusIndex.write(folder) }
    }
    communicator.barrier()
    let indexed = try opening(folder, communicator)
    communicator.barrier()
    if communicator.rank == 0 { try FileManager.default.removeItem(atPath: "\(folder)/\(CorpusIndex.name)") }
    communicator.barrier()
    let listed = try Seconds.of { _ = try Corpus.open(folder) }
    return [
      Measure(quantity: "writing the index", value: communicator.maximum(indexing), unit: "s")
    ] + indexed + [
      Measure(quantity: "opening the lists without it", value: communicator.maximum(listed), unit: "s")
    ]
  }

  private func opening(_ folder: String, _ communicator: any Communicator) throws -> [Measure] {
    let before = (own: ResidentMemory.anonymous, mapped: ResidentMemory.mapped)
    func memory(_ what: String) -> [Measure] {
      let own = communicator.maximum(Double(ResidentMemory.anonymous - before.own) / 1e6)
      let mapped = communicator.maximum(Double(ResidentMemory.mapped - before.mapped) / 1e6)
      return [
        Measure(quantity: "a rank's own memory, \(what)", value: own, unit: "MB"),
        Measure(
          quantity: "with the pages that a node's ranks share, \(what)", value: own + mapped, unit: "MB",
          bound: .atMost(200)),
      ]
    }
    func time(_ what: String, _ seconds: Double, bound: Measure.Bound? = nil) -> Measure {
      Measure(quantity: what, value: communicator.maximum(seconds), unit: "s", bound: bound)
    }
    let clock = ContinuousClock()
    let start = clock.now
    let corpus = try Corpus.open(folder)
    let opened = clock.now
    var measures = [time("opening", (opened - start) / .seconds(1), bound: .atMost(1))] + memory("opened")
    let sampler = try SpeakerBatchSampler(corpus: corpus, speakers: 32, utterances: 2, views: 2, seed: 1)
    let drawing = Seconds.of { _ = sampler.batch(step: 0) }
    measures += [time("drawing an epoch's order", drawing, bound: .atMost(1))] + memory("with an order")
    let looks = Seconds.of {
      for step in 0..<sampler.stepsPerEpoch {
        for row in sampler.batch(step: step) where row.view == 0 { _ = corpus.utterances[row.utterance] }
      }
    }
    measures += [time("an epoch's utterances, each looked up", looks)] + memory("after an epoch")
    var copies = corpus
    let copying = Seconds.of { copies = corpus.atSpeeds([0.9, 1, 1.1]) }
    measures += [time("copies at three speeds", copying)] + memory("with copies at three speeds")
    return withExtendedLifetime((corpus, copies)) { measures }
  }
}
