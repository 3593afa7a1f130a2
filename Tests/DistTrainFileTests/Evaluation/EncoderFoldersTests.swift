import DistTrain
import Foundation
import TestTools
import Testing

/// Encoders in folders of other toolkits.
@Suite struct EncoderFoldersTests {
  private let folder: TestFolder
  private let words = EncoderExport.Words(language: "x", version: "1")

  init() throws { folder = try TestFolder() }

  /// An encoder whose parameters and statistics are drawn, statistics as if some batches had moved them.
  private func trained(_ settings: [String], name: String = "trained") throws -> TrainedEncoder {
    let configuration = try Configuration.load(file: nil, overrides: settings)
    let layout = configuration.network.layout
    let values = [layout.parameters, layout.statistics].map { layout in
      let matrix = Matrix(rows: 1, columns: layout.count)
      layout.initialise(matrix.pointer, seed: 1)
      return matrix
    }
    for index in 0..<values[1].count { values[1].pointer[index] += Float(index % 7) / 50 }
    let tensors = zip([layout.parameters, layout.statistics], values).flatMap { layout, values in
      layout.parameters.map {
        NamedTensor(name: $0.name, shape: $0.shape, buffer: values.buffer, offset: $0.offset)
      }
    }
    let path = folder.path("\(name).safetensors")
    try SafetensorsFile.write(tensors, metadata: configuration.encoderMetadata, to: path)
    return try TrainedEncoder(path)
  }

  private func imported(_ home: String) throws -> TrainedEncoder {
    let output = folder.path("imported.safetensors")
    try? FileManager.default.removeItem(atPath: output)
    try ForeignEncoder(home).write(to: output)
    return try TrainedEncoder(output)
  }

  private func text(_ file: String) throws -> String { try folder.read("home/\(file)") }

  private static let wespeaker: [(settings: [String], model: String)] = [
    (
      ["encoder={type: ecapa-tdnn, channels: 8, embedding: 7}", "features.bins=23", "features.window=povey"],
      "ECAPA_TDNN\nmodel_args:\n  channels: 8\n  feat_dim: 23\n  embed_dim: 7\n  pooling_func: ASTP\n"
        + "  global_context_att: true\n  emb_bn: false\n"
    ),
    (
      ["encoder={type: resnet, depth: 18, twoLayers: true, batchNormalization: local}", "features.bins=8"],
      "ResNet18\nmodel_args:\n  feat_dim: 8\n  embed_dim: 256\n  pooling_func: TSTP\n  two_emb_layer: true\n"
    ),
    (
      ["encoder={type: resnet, channels: 2, gate: simam, pooling: asp, embedding: 5}", "features.bins=16"],
      "SimAM_ResNet34_ASP\nmodel_args:\n  in_planes: 2\n  embed_dim: 5\n  acoustic_dim: 16\n"
    ),
    (
      ["encoder={type: campplus, channels: 12, growth: 6, bottleneck: 2, embedding: 11}", "features.meanRemoval=none"],
      "CAMPPlus\nmodel_args:\n  feat_dim: 80\n  embed_dim: 11\n  pooling_func: TSTP\n  growth_rate: 6\n"
        + "  bn_size: 2\n  init_channels: 12\n"
    ),
    (
      ["encoder={type: x-vector, channels: 12, statistics: 20, pooling: xi}", "features={profile: sherpa, bins: 40}"],
      "XVEC\nmodel_args:\n  feat_dim: 40\n  embed_dim: 512\n  hid_dim: 12\n  stats_dim: 20\n  pooling_func: XI\n"
    ),
    (
      ["encoder={type: redimnet, size: b2, embedding: 10}", "features.bins=48"],
      "ReDimNetB2\nmodel_args:\n  feat_dim: 48\n  embed_dim: 10\n  pooling_func: ASTP\n"
    ),
    (
      ["encoder={type: redimnet2, embedding: 10}", "features={type: tfmel, bins: 24, frameShift: 12.5}"],
      "ReDimNet2B0\nmodel_args:\n  feat_dim: 24\n  embed_dim: 10\n  pooling_func: ASTP\n  return_2d_output: true\n"
    ),
  ]

  @Test(arguments: wespeaker)
  func `wespeaker's folder names its class, and comes back as the same encoder`(settings: [String], model: String)
    throws
  {
    let encoder = try trained(settings)
    let home = folder.path("home")
    _ = try EncoderExport.wespeaker.write(encoder, words, to: home)
    #expect(try folder.contents("home") == ["avg_model.pt", "config.yaml"])
    #expect(try text("config.yaml").contains("\nmodel: \(model)dataset_args:\n  resample_rate: 16000\n"))
    let back = try imported(home)
    #expect(back.identity == encoder.identity)
    let noise = NoiseCorpus.noise(speaker: 1, utterance: 1, seconds: 1)
    let embedding = try encoder.extractor.embedding(of: noise, name: "noise")
    #expect(try back.extractor.embedding(of: noise, name: "noise") == embedding)
    let file = try TorchFile(path: "\(home)/avg_model.pt")
    let counts = file.names.filter { $0.hasSuffix(".num_batches_tracked") }
    let normalised = file.names.filter { $0.hasSuffix(".running_var") }
    #expect(counts.map { $0.replacing("num_batches_tracked", with: "running_var") } == normalised)
    // Without svdist's own settings, what wespeaker's words say is the same encoder.
    let lines = try text("config.yaml").split(separator: "\n").prefix { $0 != "svdist:" }
    try folder.write("home/config.yaml", lines.joined(separator: "\n"))
    let foreign = try ForeignEncoder(home).configuration
    let own = try Configuration.encoder(metadata: encoder.settings, path: encoder.path)
    #expect(foreign.encoder.type == own.encoder.type && foreign.encoder.own == own.encoder.own)
    #expect(
      foreign.features.bins == own.features.bins && foreign.features.frameShift == own.features.frameShift
        && foreign.features.meanRemoval == own.features.meanRemoval && foreign.features.type == own.features.type)
  }

  @Test(arguments: [
    ("encoder.layout=speechbrain", "its ECAPA-TDNN is not in SpeechBrain's layout: take --format speechbrain"),
    ("encoder.aggregation=24", "encoder.aggregation is 24, its ECAPA-TDNN has 1536 alone: take --format safetensors"),
    ("encoder={type: resnet, channels: 2}", "encoder.channels is 2, its ResNet has 32 alone"),
    ("encoder={type: resnet, depth: 100}", "encoder.depth is 100, its ResNet has 18, 34, 50, 101, 152, 221, 293 alone"),
    ("encoder={type: resnet, gate: simam}", "encoder.pooling is tstp, its SimAM-ResNet has asp alone"),
    ("encoder={type: resnet, gate: simam, pooling: asp, depth: 18}", "its SimAM-ResNet has 34, 100 alone"),
    ("encoder={type: resnet, gate: simam, pooling: asp, twoLayers: true}", "encoder.twoLayers is true"),
    ("encoder={type: x-vector, pooling: asp}", "encoder.pooling is asp, its x-vector has tstp, astp, xi alone"),
  ])
  func `what wespeaker does not have is refused before anything is written`(setting: String, message: String) throws {
    let configuration = try Configuration.load(file: nil, overrides: [setting])
    let failure = failure { _ = try WespeakerConfiguration(configuration, of: "run", version: "1") }
    #expect(failure?.kind == .usage)
    #expect(failure?.message.hasPrefix("run: wespeaker does not have this encoder: ") == true)
    #expect(failure?.message.contains(message) == true, "\(failure?.message ?? "")")
  }

  @Test func `bins of which wespeaker counts another height are refused`() throws {
    for type in ["resnet", "campplus"] {
      let configuration = try Configuration.load(
        file: nil, overrides: ["encoder.type=\(type)", "features.bins=20"])
      let failure = failure { _ = try WespeakerConfiguration(configuration, of: "run", version: "1") }
      #expect(failure?.message.contains("features.bins is 20, those of its ") == true, "\(type)")
    }
  }

  private func remarks(_ settings: [String]) throws -> [String] {
    try WespeakerConfiguration(.load(file: nil, overrides: settings), of: "run", version: "1").remarks
  }

  @Test func `features that wespeaker computes otherwise are named`() throws {
    #expect(try remarks([]) == [])
    #expect(try remarks(["features.profile=wespeaker", "features.dither=0"]) == [])
    #expect(try remarks(["encoder.type=redimnet2", "features.type=tfmel"]) == [])
    let povey = try remarks(["features.profile=3d-speaker"])
    #expect(povey.count == 1)
    #expect(povey[0].contains("(features.scale unit, there int16; features.window povey, there hamming)"))
    #expect(povey[0].contains("set_window_type(\"povey\") and set_wavform_norm(True) set what they name"))
    let plain = try remarks(["features.preEmphasis=0.5"])
    #expect(plain[0].hasSuffix("features.preEmphasis 0.5, there 0.97): config.yaml has no words for these settings"))
    #expect(try remarks(["features.type=tfmel", "features.preEmphasis=0.5"]).count == 2)
    for settings in [["features.bins=40"], ["features.frameShift=12.5"], ["features.meanRemoval=none"]] {
      let lines = try remarks(settings + ["augmentation.specAugment.probability=0"])
      #expect(lines.count == 1 && lines[0].contains("command line and Speaker compute 80 bins of 25 ms"), "\(settings)")
    }
    let mapped = try remarks(["encoder.type=redimnet2"])
    #expect(mapped.contains { $0.contains("gives features as [B, T, F], and this network takes them as [B, F, T]") })
    #expect(try remarks(["features.type=tfmel"])[0].contains("gives features as [B, F, T]"))
    let decibels = try remarks(["features.type=speechbrain"])
    #expect(
      decibels.count == 1
        && decibels[0].contains("(features.lowestFrequency 0, there 20; features.type speechbrain, there kaldi)")
        && !decibels[0].contains("set_wavform_norm"))
  }

  private static let speechbrain = [
    "encoder={layout: speechbrain, channels: 8, aggregation: 12, embedding: 7}", "features={bins: 24, edges: mirror}",
  ]

  @Test func `SpeechBrain's folder has weights for decibels, and comes back as the same encoder`() throws {
    let encoder = try trained(Self.speechbrain)
    let home = folder.path("home")
    let remarks = try EncoderExport.speechbrain.write(encoder, words, to: home)
    #expect(
      remarks.count == 1 && remarks[0].contains("its filters are linear in Hz") && !remarks[0].contains("400 points"))
    #expect(
      remarks[0].contains(
        "settings differ, too (features.logFloor 1.1920928955078125e-7, there 1.0e-10; features.preEmphasis 0.97, "
          + "there 0; features.scale int16, there unit)"))
    #expect(try folder.contents("home") == ["embedding_model.ckpt", "hyperparams.yaml"])
    let text = try text("hyperparams.yaml")
    #expect(text.contains("    n_fft: 512\n"))
    #expect(text.contains("    channels: [8, 8, 8, 8, 12]\n") && text.contains("    lin_neurons: 7\n"))
    let (own, theirs) = (try SafetensorsFile(path: encoder.path), try TorchFile(path: "\(home)/embedding_model.ckpt"))
    let entry = "blocks.0.conv.conv.weight"
    for name in own.names {
      var values = [Float](repeating: 0, count: try theirs.shape(of: name).reduce(1, *))
      try values.withUnsafeMutableBufferPointer { try theirs.read(name, into: $0) }
      let expected = try own.values(of: name)
      guard name == entry else {
        #expect(values == expected, "\(name)")
        continue
      }
      let decibel = log(10.0) / 10
      let errors = zip(values, expected).map { abs(Double($0) - Double($1) * decibel) / abs(Double($1) * decibel) }
      #expect(errors.max() ?? 1 < 2e-7)
    }
    // Of a product of rounded quotients some are one step of single precision away.
    let back = try imported(home)
    let read = try SafetensorsFile(path: back.path)
    for name in own.names where name != entry { #expect(try read.values(of: name) == own.values(of: name), "\(name)") }
    #expect(zip(try read.values(of: entry), try own.values(of: entry)).allSatisfy { abs($0 - $1) <= $1.ulp })
    #expect(back.settings == encoder.settings)
    // What was once imported from there goes out and comes back with the same bits.
    let again = folder.path("again")
    let remark = try EncoderExport.speechbrain.write(back, words, to: again)[0]
    #expect(remark.contains("its spectra have 400 points, its filters are linear in Hz"))
    #expect(try folder.read("again/hyperparams.yaml").contains("    n_fft: 400\n"))
    let output = folder.path("again.safetensors")
    try ForeignEncoder(again).write(to: output)
    #expect(try TrainedEncoder(output).identity == back.identity)
  }

  @Test func `an encoder with SpeechBrain's features goes there and comes back as it is`() throws {
    let features =
      "features={type: speechbrain, bins: 24, frameShift: 12.5, lowestFrequency: 50, highestFrequency: 7000}"
    let encoder = try trained([Self.speechbrain[0], features])
    let home = folder.path("home")
    #expect(try EncoderExport.speechbrain.write(encoder, words, to: home) == [])
    let text = try text("hyperparams.yaml")
    for line in ["n_mels: 24", "n_fft: 400", "f_min: 50", "f_max: 7000", "win_length: 25", "hop_length: 12.5"] {
      #expect(text.contains("    \(line)\n") || text.contains("\n\(line)\n"), "\(line)")
    }
    #expect(text.contains("    norm_type: sentence\n    std_norm: False\n"))
    let (own, theirs) = (try SafetensorsFile(path: encoder.path), try TorchFile(path: "\(home)/embedding_model.ckpt"))
    for name in own.names {
      var values = [Float](repeating: 0, count: try theirs.shape(of: name).reduce(1, *))
      try values.withUnsafeMutableBufferPointer { try theirs.read(name, into: $0) }
      #expect(try values == own.values(of: name), "\(name)")
    }
    let back = try imported(home)
    #expect(back.identity == encoder.identity && back.settings == encoder.settings)
    // SpeechBrain's own words say the same, and nothing that is to be told.
    let lines = text.split(separator: "\n").prefix { $0 != "svdist:" }
    try folder.write("home/hyperparams.yaml", lines.joined(separator: "\n"))
    #expect(try imported(home).identity == encoder.identity)
    let notes = try ForeignEncoder(home).notes
    #expect(notes.filter { !$0.contains("counts") && !$0.contains("that count") }.count == 1, "\(notes)")
    let card = folder.path("card")
    _ = try EncoderExport.huggingface.write(encoder, words, to: card)
    #expect(try folder.read("card/README.md").contains("They are those of SpeechBrain's `Fbank`"))
    // Without a configuration its features are assumed.
    try FileSystem.remove("\(home)/hyperparams.yaml")
    #expect(try ForeignEncoder(home).configuration.features.type == .speechbrain)
  }

  @Test func `other layouts are not SpeechBrain's`() throws {
    let failure = failure {
      _ = try EncoderExport.speechbrain.write(try trained(["encoder.channels=8"]), words, to: folder.path("home"))
    }
    #expect(failure?.kind == .usage && failure?.message.contains("take --format wespeaker or safetensors") == true)
    #expect(!FileSystem.exists(folder.path("home")))
  }

  @Test func `a model hub's folder has the encoder, its graph and a card that invents nothing`() throws {
    let encoder = try trained(["encoder={channels: 8, aggregation: 12, embedding: 7}", "features.bins=24"])
    let home = folder.path("home")
    let remarks = try EncoderExport.huggingface.write(encoder, words, to: home)
    #expect(remarks.count == 2 && remarks[0].contains("fill in what is marked"))
    #expect(try folder.contents("home") == ["README.md", "config.json", "model.onnx", "model.safetensors"])
    #expect(try TrainedEncoder(home).identity == encoder.identity)
    #expect(try imported(home).identity == encoder.identity)
    let card = try text("README.md")
    #expect(card.hasPrefix("---\nlibrary_name: svdist\n") && card.contains("\n- speaker-verification\n"))
    for part in ["| features.bins | 24 |", "| encoder.channels | 8 |", "## Licence\n\n**TO BE FILLED IN:**"] {
      #expect(card.contains(part), "\(part)")
    }
    for part in ["Equal error rate ", "metrics:", "language:", "- corpus", "- steps"] {
      #expect(!card.contains(part), "\(part)")
    }
    let json = try JSONSerialization.jsonObject(with: Data(try text("config.json").utf8)) as? [String: Any]
    let features = json?["features"] as? [String: Any]
    #expect(features?["bins"] as? Int == 24 && features?["window"] as? String == "hamming")
    #expect((json?["encoder"] as? [String: Any])?["globalContext"] as? Bool == true)
  }

  @Test func `a card has what is known of the training`() throws {
    var record = TrainingRecord()
    (record.corpus, record.evaluationCorpus, record.steps) = ("/home/me/data/vox2/train", "/home/me/data/vox1", 70)
    record.evaluation = try JSONDecoder().decode(
      TrainingRecord.Evaluation.self, from: Data(#"{"eer":2.345,"minDCF":{},"trials":600,"targets":200}"#.utf8))
    let words = EncoderExport.Words(language: "en", version: "1", record: record)
    let encoder = try trained(["encoder={channels: 8, aggregation: 12, embedding: 7}", "features.bins=24"])
    _ = try EncoderExport.huggingface.write(encoder, words, to: folder.path("home"))
    let card = try text("README.md")
    for part in [
      "- corpus: `vox2/train`\n- steps: 70\n", "metrics:\n- eer\n", "language:\n- \"en\"\n",
      "of 600 trials of `data/vox1` (200 of one speaker)",
    ] {
      #expect(card.contains(part), "\(part)")
    }
    #expect(card.contains("Equal error rate 2.35 %") || card.contains("Equal error rate 2.34 %"))
    #expect(!card.contains("/home/me"))
  }

  @Test func `a run's checkpoint tells its training, another file does not`() throws {
    let encoder = try trained(["encoder={channels: 8, aggregation: 12}", "features.bins=24"])
    #expect(TrainingRecord(ofEncoder: encoder.path).steps == nil)
    let checkpoint = folder.path("run/checkpoints/step-00000012")
    try folder.write("run/checkpoints/step-00000012/manifest.json", "{}")
    try folder.write("run/checkpoints/step-00000012/model.safetensors", "")
    try folder.write("run/evaluation/step-12.json", #"{"eer":2.5,"minDCF":{},"trials":6,"targets":2}"#)
    try folder.write("run/config.yaml", "corpus: {train: /c/one, evaluation: /c/two}\n")
    let record = TrainingRecord(ofEncoder: "\(checkpoint)/model.safetensors")
    #expect(record.steps == 12 && record.corpus == "/c/one" && record.evaluationCorpus == "/c/two")
    #expect(record.evaluation != nil)
  }

  @Test func `only an empty folder is taken, and own settings that are unknown are told`() throws {
    let encoder = try trained([
      "encoder={type: x-vector, channels: 3, statistics: 5, embedding: 4}", "features.bins=24",
    ])
    for form in [EncoderExport.wespeaker, .speechbrain, .huggingface] {
      try folder.write("taken/x", "")
      let failure = failure { try form.check(folder.path("taken")) }
      #expect(failure?.kind == .usage && failure?.message.hasSuffix("choose another --output, or empty it") == true)
      try FileSystem.createFolder(folder.path("free"))
      try form.check(folder.path("free"))
      #expect(TestTools.failure { try form.check("") }?.kind == .usage)
    }
    let home = folder.path("home")
    _ = try EncoderExport.wespeaker.write(encoder, words, to: home)
    let text = try text("config.yaml")
    for (old, new, message) in [
      ("features.window: hamming", "features.widow: hamming", "config.yaml, svdist: its metadata has features.widow"),
      ("features.window: hamming", "features.window: [hamming]", "features.window"),
      ("encoder.channels: 3", "encoder.channels: 4", "of another shape"),
      ("  encoder.type: x-vector\n", "", "does not say which encoder it holds"),
    ] {
      try folder.write("home/config.yaml", text.replacing(old, with: new))
      let failure = failure { _ = try ForeignEncoder(home) }
      #expect(failure?.kind == .badData && failure?.message.contains(message) == true, "\(failure?.message ?? new)")
    }
    // Whose features the encoder has is the user's word, over svdist's own, too.
    try folder.write("home/config.yaml", text)
    #expect(try ForeignEncoder(home, toolkit: .speaker3D).configuration.features.window == .povey)
  }
}
