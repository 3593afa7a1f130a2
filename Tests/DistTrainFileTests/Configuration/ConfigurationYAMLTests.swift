import DistTrain
import Foundation
import TestTools
import Testing

@Suite("Configuration as YAML")
struct ConfigurationYAMLTests {
  /// No setting at its default, with texts and numbers that are awkward to write.
  private var unusual: Configuration {
    get throws {
      try Configuration.load(
        file: nil,
        overrides: [
          "seed=18446744073709551615",
          "corpus={train: 'a: b # c', evaluation: \"tab\\tand \\\"quotes\\\"\", trials: 'no', minimumSeconds: 1}",
          "corpus.maximumSeconds=20",
          "crop={seconds: 2.5, maximumSeconds: 4, short: pad}", "batch={speakers: 3, utterances: 4, views: 1}",
          "batch={draw: square-root, sessions: distinct, unit: 3, microBatches: 2}",
          "views={segment: same, augmented: [true]}",
          "augmentation={noise: 1e5, rooms: ' Räume ', probability: 0.1, snr: {noise: [-2.5, 3], music: [0, 1]}}",
          "augmentation={musan: m, music: n, speech: s, snr: {babble: [1, 2]}, babble: {corpus: true, voices: [2, 4]}}",
          "augmentation.speed={factors: [1, 1.25], asSpeakers: true}",
          "augmentation.volume={probability: 0.2, gain: [-1, 1.5]}",
          "augmentation.codec={probability: 0.3, kinds: [gsm, mu-law]}",
          "augmentation.specAugment={probability: 0.4, timeMasks: 2, timeWidth: 11, frequencyMasks: 3}",
          "augmentation.specAugment.frequencyWidth=9",
          "features={bins: 40, window: povey, frameLength: 32, frameShift: 12.5, edges: mirror, dither: 0}",
          "features={lowestFrequency: 50, highestFrequency: 7600, scale: unit, preEmphasis: 0, logFloor: 1e-10}",
          "encoder={layout: speechbrain, channels: 16, aggregation: 24, embedding: 8, globalContext: false}",
          "encoder.batchNormalization=local",
          "classification={sharded: true, sampling: 0.5}",
          "classification={loss: softmax, scale: 30, margin: 0.3, subcenters: 3, interTopK: {count: 5, margin: 0.1}}",
          "contrastive={temperature: 0.1, margin: {form: none, value: 0.15, denominator: plain}}",
          "contrastive.attention={mode: off, scale: 1, normalize: false, warmup: 7, stopGradient: false}",
          "weighting={method: fixed, space: representation, normalization: loss+, classification: 0.25, contrastive: 3}",
          "weighting={floor: 0.25, radius: 0.75, every: 3, smoothing: 0.5}",
          "optimizer={type: adamw, momentum: 0.8, nesterov: false, weightDecay: 2e-6, beta1: 0.85, beta2: 0.98}",
          "optimizer={epsilon: 1.25e-7, gradientNorm: null}",
          "schedule.learningRate={type: step, initial: 0.07, final: 1e-7, warmup: 3, every: 12, factor: 0.5}",
          "schedule.learningRate={maximum: 0.003, rise: 0.4, divisor: 10, finalDivisor: 1e12}",
          "schedule.margin={type: linear, initial: 0.05, start: 4, end: 9}", "training={steps: 123, precision: bf16}",
          "training={nonFinite: rollback, nonFiniteLimit: 2, average: {decay: 0.99, from: 5}}", "schedule.unfreeze=20",
          "training={from: start, fromClassifier: kept, frozen: [layer1], learningRates: {'a b': 0.5}}",
          "evaluation={everySteps: 7, longestPiece: 20}",
          "evaluation.sets=[{name: a.b, corpus: 'c, d', trials: t}, {corpus: x/y, trials: 'no'}]",
          "checkpoint={everySteps: 8, everyMinutes: 0.5, keep: 9, keepBest: false}",
          "stages=[{training.steps: 100}, {crop: {seconds: 3, short: tile}, optimizer.gradientNorm: 4}]",
        ])
    }
  }

  @Test("the stored configuration reads back as an equal one, with or without explanations")
  func roundTrip() throws {
    for configuration in [try Configuration.load(file: nil), try unusual] {
      for text in [configuration.yaml, configuration.explainedYAML] {
        try withConfigurationFile(text) { file in
          let readBack = try Configuration.load(file: file)
          #expect(readBack == configuration)
        }
      }
    }
  }

  @Test("what differs from the defaults reads back as an equal configuration, and nothing else is named")
  func differing() throws {
    let others = try ["resnet", "campplus", "x-vector", "redimnet2", "redimnet"].map {
      try Configuration.load(file: nil, overrides: ["encoder.type=\($0)", "encoder.embedding=8", "seed=3"])
    }
    let features = try ["tfmel", "speechbrain"].map {
      try Configuration.load(file: nil, overrides: ["features.type=\($0)", "features.bins=64"])
    }
    for configuration in try [Configuration.load(file: nil), unusual] + others + features {
      try withConfigurationFile(configuration.differingYAML) { file in
        let readBack = try Configuration.load(file: file)
        #expect(readBack == configuration)
      }
    }
    func differing(_ configuration: Configuration) -> [Substring] {
      configuration.differingYAML.split(separator: "\n").filter { !$0.hasPrefix("# note: ") }
    }
    #expect(differing(try Configuration.load(file: nil)).isEmpty)
    #expect(differing(others[0]) == ["seed: 3", "encoder:", "  type: resnet", "  embedding: 8"])
    let staged = try Configuration.load(file: nil, overrides: ["stages=[{}, {crop.seconds: 3}]"])
    #expect(differing(staged) == ["stages:", "  - {}", "  - crop:", "      seconds: 3"])
  }

  @Test("one setting, or a group of them, is explained; another key is refused with near ones")
  func explanationOfOne() throws {
    let defaults = try Configuration.load(file: nil)
    let lines = try defaults.explanation(of: "schedule.margin").split(separator: "\n")
    #expect(lines[0] == "schedule:" && lines[1] == "  margin:" && lines.count > 4)
    #expect(try defaults.explanation(of: "seed").hasPrefix("seed: 1 "))
    let refusal = failure { _ = try defaults.explanation(of: "schedule.margn") }
    #expect(refusal?.kind == .usage && refusal?.message.contains("near: schedule.margin") == true)
    let other = failure { _ = try defaults.explanation(of: "encoder.depth") }
    #expect(other?.kind == .usage && other?.message.contains("--set") == true)
  }

  @Test("every property is a setting, in the file and in what is compared")
  func everyPropertyIsASetting() throws {
    let (defaults, unusual) = (try Configuration.load(file: nil), try unusual)
    // Other types have other settings of their own; masks, which are set here, need the mean removed, and SpeechBrain's
    // layout needs its own pooling.
    let allowedToStay: Set = ["encoder.type", "encoder.pooling", "features.type", "features.meanRemoval"]
    let changed = Set(unusual.differences(from: defaults).map(\.key))
    let running: Set = [
      "corpus.evaluation", "corpus.trials", "evaluation.everySteps", "evaluation.longestPiece", "evaluation.sets",
      "checkpoint.everySteps",
      "checkpoint.everyMinutes", "checkpoint.keep", "checkpoint.keepBest", "training.nonFinite",
      "training.nonFiniteLimit", "training.tensorboard",
    ]
    var stored = unusual
    stored.optimizer.gradientNorm = 1
    let properties = Set(
      try leaves(of: JSONSerialization.jsonObject(with: JSONEncoder().encode(stored))).map { key in
        // An encoder's own settings are values by name: `encoder.own.channels.number._0`. Factors are, too.
        if key.hasPrefix("training.learningRates.") { return "training.learningRates" }
        let path = key.split(separator: ".")
        return key.hasPrefix("encoder.own.") ? "encoder.\(path[2])" : key
      })
    #expect(properties.count == 129)
    #expect(changed.union(running).union(allowedToStay) == properties)
    #expect(changed.isDisjoint(with: running))
  }

  private func leaves(of object: Any, prefix: String = "") throws -> Set<String> {
    guard let group = object as? [String: Any] else { return [prefix] }
    return try group.reduce(into: []) {
      $0.formUnion(try leaves(of: $1.value, prefix: prefix.isEmpty ? $1.key : "\(prefix).\($1.key)"))
    }
  }

  @Test("keys stand in the order of the documentation and numbers are as short as they can be")
  func rendering() throws {
    let lines = try unusual.yaml.split(separator: "\n").map(String.init)
    let groups = lines.filter { !$0.hasPrefix(" ") && !$0.hasPrefix("#") }.map { String($0.prefix { $0 != ":" }) }
    #expect(
      groups == [
        "seed", "corpus", "crop", "batch", "views", "augmentation", "features", "encoder", "classification",
        "contrastive", "weighting", "optimizer", "schedule", "training", "evaluation", "checkpoint", "stages",
      ])
    for line in [
      "seed: 18446744073709551615", "  train: \"a: b # c\"", "  trials: \"no\"", "  noise: \"1e5\"",
      "    noise: [-2.5, 3]", "    kinds: [gsm, mu-law]", "    form: none", "    mode: \"off\"",
      "  weightDecay: 2.0e-6", "  epsilon: 1.25e-7",
      "  sets: [{name: a.b, corpus: \"c, d\", trials: t}, {name: y, corpus: x/y, trials: \"no\"}]",
      "    initial: 0.07", "    finalDivisor: 1000000000000", "  gradientNorm: null", "  augmented: [true]",
    ] {
      #expect(lines.contains(line), "\(line)")
    }
    #expect(try Configuration.load(file: nil).yaml.contains("  temperature: 0.07\n"))
  }

  @Test("each setting is explained, on a line that fits 120 columns")
  func explanations() throws {
    for line in try Configuration.load(file: nil).explainedYAML.split(separator: "\n") {
      #expect(line.count <= 120, "\(line)")
      #expect(line.hasSuffix(":") || line.contains("# "), "\(line)")
    }
  }

  @Test("what may change when a run goes on isn't a difference, everything else is, by name")
  func differences() throws {
    let stored = try Configuration.load(file: nil)
    let same = try Configuration.load(
      file: nil,
      overrides: [
        "evaluation={everySteps: 1, longestPiece: 30}", "checkpoint={everySteps: 1, everyMinutes: 1, keep: 1}",
        "corpus.evaluation=a", "corpus.trials=b", "evaluation.sets=[{corpus: c, trials: d}]",
        "classification.scale=32.0",
      ])
    #expect(same.differences(from: stored).isEmpty)
    let other = try Configuration.load(
      file: nil,
      overrides: [
        "training.steps=3000", "contrastive.attention.mode=off", "features={window: povey, meanRemoval: none}",
      ])
    let differences = other.differences(from: stored)
    #expect(
      differences.map(\.key) == [
        "features.window", "features.meanRemoval", "contrastive.attention.mode", "training.steps",
      ])
    #expect(differences.map(\.stored) == ["hamming", "utterance", "weight", "2000"])
    #expect(differences.map(\.now) == ["povey", "none", "\"off\"", "3000"])
  }

  @Test(
    "the configurations that come with svdist are read without complaint",
    arguments: [
      "demo", "speechocean-ecapa", "voxceleb1-ecapa", "voxceleb1-resnet34", "voxceleb1-campplus", "voxceleb1-xvector",
      "voxceleb1-redimnet2-b2", "voxceleb2-resnet34", "voxceleb2-campplus", "voxceleb2-redimnet-b2",
      "voxceleb2-redimnet2-b2", "cnceleb-ecapa", "cnceleb-resnet34", "cnceleb-campplus", "cnceleb-redimnet2-b2",
    ])
  func shippedConfigurations(name: String) throws {
    var root = URL(fileURLWithPath: #filePath)
    for _ in 0..<4 { root.deleteLastPathComponent() }
    let file = root.appending(path: "configurations/\(name).yaml")
    let configuration = try Configuration.load(file: file.path)
    #expect(configuration.batch.rows == (name == "demo" ? 32 : 64))
    #expect(configuration != (try Configuration.load(file: nil)))
  }
}
