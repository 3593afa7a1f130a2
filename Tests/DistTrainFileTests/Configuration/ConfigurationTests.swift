import DistTrain
import Foundation
import TestTools
import Testing

@Suite("Configuration")
struct ConfigurationTests {
  @Test("without file and arguments it is the defaults, the attention's scale filled in")
  func defaults() throws {
    var expected = Configuration()
    expected.contrastive.attention.scale = 32
    #expect(try Configuration.load(file: nil) == expected)
  }

  @Test("arguments override the file, the file overrides the defaults, the last argument counts")
  func order() throws {
    try withConfigurationFile("seed: 5\ncrop: {seconds: 3}\nbatch: {speakers: 8}\n") { file in
      let configuration = try Configuration.load(
        file: file, overrides: ["crop.seconds=4", "batch.utterances=1", "crop.seconds=5"])
      #expect(configuration.seed == 5)
      #expect(configuration.crop.seconds == 5)
      #expect(configuration.batch.speakers == 8)
      #expect(configuration.batch.utterances == 1)
      #expect(configuration.batch.rows == 16)
    }
  }

  @Test("a file may be empty, hold only comments, or groups whose settings are all commented out")
  func emptyFiles() throws {
    let defaults = try Configuration.load(file: nil)
    for text in ["", "\n\n", "# nothing\n", "---\n", "crop:\n  # seconds: 3\nseed: 1\n", "null\n", "{}\n"] {
      try withConfigurationFile(text) { file in
        let configuration = try Configuration.load(file: file)
        #expect(configuration == defaults, "\(text.debugDescription)")
      }
    }
  }

  @Test("an argument may set a group, a list, null and a name that YAML takes for a truth value")
  func arguments() throws {
    let configuration = try Configuration.load(
      file: nil,
      overrides: [
        "contrastive.margin={form: cosine, value: 0.1}", "views.augmented=[true,true]", "optimizer.gradientNorm=null",
        "contrastive.attention.mode=off", "corpus.train=", "optimizer.epsilon=1e-6", "seed=18446744073709551615",
      ])
    #expect(configuration.contrastive.margin.form == .cosine)
    #expect(configuration.contrastive.margin.value == 0.1)
    #expect(configuration.views.augmented == [true, true])
    #expect(configuration.optimizer.gradientNorm == nil)
    #expect(configuration.contrastive.attention.mode == .off)
    #expect(configuration.corpus.train == nil)
    #expect(configuration.optimizer.epsilon == 1e-6)
    #expect(configuration.seed == .max)
  }

  @Test("key paths may be written with dots in the file too, but only once")
  func dottedKeys() throws {
    try withConfigurationFile("crop.seconds: 3\n") { file in
      let configuration = try Configuration.load(file: file)
      #expect(configuration.crop.seconds == 3)
    }
    try withConfigurationFile("crop.seconds: 3\ncrop:\n  seconds: 4\n") { file in
      #expect(failure(file: file) == "FILE:3: crop.seconds: set twice: keep one")
    }
  }

  @Test(
    "what is wrong in a file is said in one line with file, line and key",
    arguments: [
      ("seed: 1\nsed: 2\n", "FILE:2: sed: unknown setting; near: seed"),
      ("temperature: 1\n", "FILE:1: temperature: unknown setting; near: contrastive.temperature"),
      (
        "schedule:\n  learning_rate:\n    initial: 1\n",
        "FILE:2: schedule.learning_rate: unknown setting; near: schedule.learningRate, training.learningRates"
      ),
      ("crop: {qqq: 1}\n", "FILE:1: crop.qqq: unknown setting; crop: seconds, maximumSeconds, short"),
      (
        "contrastive:\n  margin:\n    zzzzzz: 1\n",
        "FILE:3: contrastive.margin.zzzzzz: unknown setting; contrastive.margin: form, value, denominator"
      ),
      ("crop:\n  seconds: two\n", "FILE:2: crop.seconds: expected a number, found two"),
      ("crop:\n  seconds: \"2\"\n", "FILE:2: crop.seconds: expected a number, found the text \"2\""),
      ("crop:\n  seconds: .inf\n", "FILE:2: crop.seconds: expected a number, found .inf"),
      ("crop:\n  seconds: null\n", "FILE:2: crop.seconds: expected a number, found null"),
      ("crop:\n  seconds: [2]\n", "FILE:2: crop.seconds: expected a number, found the list [2]"),
      ("crop:\n  seconds: {at: 2}\n", "FILE:2: crop.seconds: expected a number, found a group (at)"),
      ("batch:\n  views: 2.5\n", "FILE:2: batch.views: expected a whole number, found 2.5"),
      ("seed: -1\n", "FILE:1: seed: expected a whole number, 0 or more, found -1"),
      ("encoder:\n  globalContext: yes\n", "FILE:2: encoder.globalContext: expected true or false, found yes"),
      (
        "optimizer: {type: lion}\n", "FILE:1: optimizer.type: expected one of sgd, adam, adamw, found lion"
      ),
      (
        "views: {augmented: [true, 1]}\n",
        "FILE:1: views.augmented: expected a list, each true or false, found the list [true, 1]"
      ),
      (
        "augmentation: {snr: {noise: [15, 0]}}\n",
        "FILE:1: augmentation.snr.noise: expected a list of two numbers, [lowest, highest], found the list [15, 0]"
      ),
      ("corpus:\n  train: [a]\n", "FILE:2: corpus.train: expected a path or null, found the list [a]"),
      ("crop: 2\n", "FILE:1: crop: a group of settings (seconds, maximumSeconds, short), found 2"),
      ("crop: null\n", "FILE:1: crop: a group of settings (seconds, maximumSeconds, short), found null"),
      (
        "schedule: {learningRate: 0.1}\n",
        "FILE:1: schedule.learningRate: a group of settings (type, initial, final, warmup, every, factor, maximum, "
          + "rise, divisor, finalDivisor), found 0.1"
      ),
      ("- seed\n", "FILE:1: expected settings as `key: value`, found the list [seed]"),
      ("seed\n", "FILE:1: expected settings as `key: value`, found seed"),
      ("seed: 1\nseed: 2\n", "FILE:1: seed: set twice in one group: keep one"),
      ("[1]: 2\n", "FILE:1: a key: a key must be a name, found the list [1]"),
      ("crop:\n\tseconds: 2\n", "FILE:2: not YAML: found character that cannot start any token"),
      ("crop: {seconds: 2\n", "FILE:2: not YAML: did not find expected ',' or '}'"),
      ("seed: 1\n---\nseed: 2\n", "FILE:2: not YAML: but found another document"),
      ("batch:\n  speakers: 0\n", "FILE:2: batch.speakers: allowed is 1 to 1000000, found 0"),
    ])
  func wrongFiles(text: String, message: String) throws {
    try withConfigurationFile(text) { file in #expect(failure(file: file) == message) }
  }

  @Test("a file may be a pipe, as the shell's <(command) makes one")
  func pipe() throws {
    let pipe = Pipe()
    try pipe.fileHandleForWriting.write(contentsOf: Data("seed: 7\n".utf8))
    try pipe.fileHandleForWriting.close()
    let configuration = try Configuration.load(file: "/dev/fd/\(pipe.fileHandleForReading.fileDescriptor)")
    #expect(configuration.seed == 7)
  }

  @Test("a file that is missing, a folder or not text is said so")
  func unreadableFiles() throws {
    #expect(failure(file: "/nowhere/c.yaml") == "/nowhere/c.yaml: no such configuration file")
    let folder = FileManager.default.temporaryDirectory.path
    #expect(failure(file: folder) == "\(folder): is a folder, expected a YAML file")
    try withConfigurationFile(Data([0x73, 0xff, 0xfe, 0x3a])) { file in
      #expect(failure(file: file) == "FILE: not UTF-8 text, expected a YAML file")
    }
  }

  @Test(
    "a value out of range, and settings that disagree, are said with the key and what is allowed",
    arguments: [
      (["crop.seconds=0.1"], "--set crop.seconds=0.1: crop.seconds: allowed is 0.2 to 60, found 0.1"),
      (["batch.views=0"], "--set batch.views=0: batch.views: allowed is 1 to 1000000, found 0"),
      (
        ["encoder.channels=100"],
        "--set encoder.channels=100: encoder.channels: allowed is a multiple of 8 from 8 to 65536, found 100"
      ),
      (
        ["encoder.layout=kaldi"],
        "--set encoder.layout=kaldi: encoder.layout: expected one of wespeaker, speechbrain, found kaldi"
      ),
      (
        ["encoder.aggregation=0"],
        "--set encoder.aggregation=0: encoder.aggregation: allowed is 1 to 65536, found 0"
      ),
      (
        ["contrastive.temperature=0"],
        "--set contrastive.temperature=0: contrastive.temperature: allowed is above 0 to 1000, found 0"
      ),
      (
        ["classification.margin=1.6"],
        "--set classification.margin=1.6: classification.margin: allowed is 0 to below π/2, found 1.6"
      ),
      (
        ["contrastive.margin.value=-0.1"],
        "--set contrastive.margin.value=-0.1: contrastive.margin.value: allowed is 0 to below π/2, found -0.1"
      ),
      (
        ["optimizer.gradientNorm=0"],
        "--set optimizer.gradientNorm=0: optimizer.gradientNorm: allowed is above 0 to 1000000, or null, found 0"
      ),
      (["optimizer.momentum=1"], "--set optimizer.momentum=1: optimizer.momentum: allowed is 0 to below 1, found 1"),
      (
        ["augmentation.snr.noise=[-30, 0]"],
        "--set augmentation.snr.noise=[-30, 0]: augmentation.snr.noise: allowed is within -20 to 60, found [-30, 0]"
      ),
      (
        ["augmentation.babble.voices=[2.5, 3]"],
        "--set augmentation.babble.voices=[2.5, 3]: augmentation.babble.voices: allowed is whole numbers within 1 to 20, "
          + "found [2.5, 3]"
      ),
      (
        ["augmentation.speed={factors: [0.9, 1.1], asSpeakers: true}"],
        "augmentation.speed.factors: with asSpeakers 1 is among them, found [0.9, 1.1]"
      ),
      (
        ["evaluation.longestPiece=1.9"],
        "--set evaluation.longestPiece=1.9: evaluation.longestPiece: allowed is 2 to 3600, found 1.9"
      ),
      (
        ["evaluation.longestPiece=3601"],
        "--set evaluation.longestPiece=3601: evaluation.longestPiece: allowed is 2 to 3600, found 3601"
      ),
      (["checkpoint.keep=0"], "--set checkpoint.keep=0: checkpoint.keep: allowed is 1 to 1000000, found 0"),
      (
        ["views.augmented=[true]"],
        "views.augmented: needs one true or false for each of the 2 views (batch.views), found [true]"
      ),
      (
        ["batch={speakers: 1000000, utterances: 10}"],
        "batch.speakers: a global batch has at most 10000000 rows, speakers · utterances · views are 20000000"
      ),
      (
        ["schedule.learningRate.final=0"],
        "schedule.learningRate.final: an exponential course can't end at 0: set a small rate, or "
          + "schedule.learningRate.type: cosine"
      ),
      (
        ["schedule.learningRate={type: one-cycle, warmup: 5}"],
        "schedule.learningRate.warmup: one-cycle has its own rise (schedule.learningRate.rise, a fraction): leave "
          + "warmup at 0, found 5"
      ),
      (
        ["training.average={decay: 0.5, from: 2001}"],
        "training.average.from: at most training.steps (2000), found 2001"
      ),
      (
        ["schedule.learningRate.warmup=2001"],
        "schedule.learningRate.warmup: at most training.steps (2000), found 2001"
      ),
      (["schedule.margin.start=5"], "schedule.margin.start: at most schedule.margin.end (0), found 5"),
      (
        ["weighting={method: fixed, classification: 0, contrastive: 0}"],
        "weighting.classification: it and weighting.contrastive are both 0: nothing would be trained"
      ),
      (
        ["classification.sampling=0.5"],
        "classification.sampling: below 1 only with classification.sharded: true, found 0.5"
      ),
      (
        ["classification={sharded: true, interTopK: {count: 1001}}"],
        "classification.interTopK.count: at most 1000 with classification.sharded, found 1001"
      ),
      (
        ["corpus.trials=trials"],
        "corpus.trials: set without corpus.evaluation: name the data directory that the trials are about"
      ),
      (
        ["features.window=kaiser"],
        "--set features.window=kaiser: features.window: expected one of hamming, povey, hann, "
          + "rectangular, found kaiser"
      ),
      (
        ["features.frameLength=25.03"],
        "--set features.frameLength=25.03: features.frameLength: allowed is 5 to 100 in whole samples, 0.0625 each, "
          + "found 25.03"
      ),
      (
        ["features.highestFrequency=8001"],
        "--set features.highestFrequency=8001: features.highestFrequency: allowed is above 0 to 8000, found 8001"
      ),
      (["features.frameShift=30"], "features.frameShift: at most features.frameLength (25), found 30"),
      (
        ["features={lowestFrequency: 300, highestFrequency: 300}"],
        "features.highestFrequency: above features.lowestFrequency (300), found 300"
      ),
      (
        ["features={frameLength: 10, bins: 80}"],
        "features.bins: 2 of 80 filters from 20 to 8000 Hz lie between the 256 points of a spectrum: take fewer, or a "
          + "longer features.frameLength"
      ),
      (
        ["features.meanRemoval=none", "augmentation.specAugment.probability=0.5"],
        "features.meanRemoval: none has no mean that augmentation.specAugment could mask with: set utterance, or "
          + "augmentation.specAugment.probability: 0"
      ),
      (["crop"], "--set crop: expected key.path=value, such as crop.seconds=3"),
      (["=1"], "--set =1: expected key.path=value, such as crop.seconds=3"),
      (["crop="], "--set crop=: crop: a group of settings (seconds, maximumSeconds, short), found null"),
      (["crop.seconds=[1"], "--set crop.seconds=[1: not YAML: did not find expected ',' or ']'"),
      (["Crop.Second=1"], "--set Crop.Second=1: Crop.Second: unknown setting; near: crop.seconds"),
      (["crop={secs: 1}"], "--set crop={secs: 1}: crop.secs: unknown setting; crop: seconds, maximumSeconds, short"),
    ])
  func wrongValues(overrides: [String], message: String) {
    #expect(failure(file: nil, overrides: overrides) == message)
  }

  @Test("the edges of ranges are allowed")
  func edges() throws {
    _ = try Configuration.load(
      file: nil,
      overrides: [
        "crop.seconds=0.2", "classification.margin=0", "contrastive.margin.value=1.57", "encoder.channels=8",
        "encoder.embedding=1", "optimizer.momentum=0", "schedule.learningRate.warmup=2000",
        "evaluation={everySteps: 0, longestPiece: 2}", "checkpoint.everySteps=0", "checkpoint.everyMinutes=0",
        "augmentation.probability=1",
        "augmentation.snr.noise=[5, 5]", "features={bins: 128, lowestFrequency: 0, frameShift: 25}",
      ])
  }

  @Test("a relative path is taken from the working directory, else from the file's folder, else left as it is")
  func paths() throws {
    try withConfigurationFile("corpus: {train: train, evaluation: elsewhere}\n") { file in
      let folder = URL(fileURLWithPath: file).deletingLastPathComponent()
      let train = folder.appending(path: "train")
      try FileManager.default.createDirectory(at: train, withIntermediateDirectories: true)
      let corpus = try Configuration.load(file: file).corpus
      #expect(corpus.train == train.standardizedFileURL.path)
      #expect(corpus.evaluation == "elsewhere")

      let here = FileManager.default.currentDirectoryPath
      let visible = try #require(FileManager.default.contentsOfDirectory(atPath: here).sorted().first)
      try FileManager.default.createDirectory(
        at: folder.appending(path: visible), withIntermediateDirectories: true)
      let noise = try Configuration.load(file: file, overrides: ["augmentation.noise=\(visible)"]).augmentation.noise
      #expect(noise == URL(fileURLWithPath: here).appending(path: visible).standardizedFileURL.path)
    }
  }

  @Test("what follows from no augmentation, no positive pairs and no trials is noted")
  func notes() throws {
    let bare = try Configuration.load(file: nil, overrides: ["corpus.evaluation=dev"])
    #expect(
      bare.notes == [
        "no view is augmented: augmentation names no folder, and its other kinds are off",
        "nothing is evaluated during training: corpus.evaluation is set, corpus.trials is null",
      ])
    #expect(bare.yaml.hasPrefix("# note: no view is augmented"))
    #expect(!bare.augments(view: 0) && !bare.augments(view: 1))
    let noisy = try Configuration.load(
      file: nil, overrides: ["augmentation.noise=musan", "batch={utterances: 1, views: 1}", "views.augmented=[true]"])
    #expect(noisy.notes == ["the contrastive loss has no positive pairs: batch.utterances and batch.views are 1"])
    #expect(noisy.augments(view: 0))
    let unread = try Configuration.load(
      file: nil, overrides: ["augmentation.noise=musan", "weighting={method: cagrad, radius: 0.3, floor: 0.1}"])
    #expect(unread.notes == ["weighting.floor has no effect: weighting.method is cagrad, not min-norm"])
    for one in [
      "musan=m", "music=m", "speech=s", "rooms=r", "babble.corpus=true", "speed.factors=[0.9, 1]",
      "volume.probability=1", "codec.probability=1", "specAugment.probability=1",
    ] {
      #expect(try Configuration.load(file: nil, overrides: ["augmentation.\(one)"]).augments(view: 1), "\(one)")
    }
  }

  private func failure(file: String?, overrides: [String] = []) -> String {
    do {
      _ = try Configuration.load(file: file, overrides: overrides)
      return "no failure"
    } catch let failure as Failure {
      #expect(failure.kind == .usage)
      return file.map { failure.message.replacing($0, with: $0.hasSuffix("configuration.yaml") ? "FILE" : $0) }
        ?? failure.message
    } catch {
      return "another error: \(error)"
    }
  }

  @Test(arguments: ["a: &x 1", "seed: *x", "crop: {seconds: *x}", "crop: {\"seconds\":*x}", "# *x\nseed: &x 1"])
  func `an anchor or an alias is refused, since aliases of aliases can stand for more than memory holds`(
    _ text: String
  ) throws {
    #expect(YAMLAliases.firstLine(in: text) == text.split(separator: "\n").count)
  }

  @Test(arguments: ["# *x", "a: '*x'", "a: \"\\\"*x\"", "a: b*c", "a: 'it''s *x'", "a: x&y"])
  func `a star or an ampersand in quotes, a comment or a word is no alias`(_ text: String) {
    #expect(YAMLAliases.firstLine(in: text) == nil)
  }
}
