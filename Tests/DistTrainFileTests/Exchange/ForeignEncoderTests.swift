import DistTrain
import Foundation
import TestTools
import Testing

@Suite struct ForeignEncoderTests {
  private let folder: TestFolder

  init() throws { folder = try TestFolder() }

  private static let xVector = [
    "encoder={type: x-vector, channels: 3, statistics: 5, embedding: 4}", "features.bins=24",
  ]

  /// An encoder's tensors as it is initialised.
  private func tensors(_ encoder: any Encoder, prefix: String = "") -> [NamedTensor] {
    [encoder.layout.parameters, encoder.layout.statistics].flatMap { layout in
      let matrix = Matrix(rows: 1, columns: layout.count)
      layout.initialise(matrix.pointer, seed: 1)
      return layout.parameters.map {
        NamedTensor(name: prefix + $0.name, shape: $0.shape, buffer: matrix.buffer, offset: $0.offset)
      }
    }
  }

  /// Writes tensors as another toolkit's weights, beside its configuration.
  private func write(_ tensors: [NamedTensor], _ texts: [String: String] = [:], _ name: String = "home") throws
    -> String
  {
    for (file, text) in texts { try folder.write("\(name)/\(file)", text) }
    try FileSystem.createFolder(folder.path(name))
    try SafetensorsFile.write(tensors, to: folder.path("\(name)/model.safetensors"))
    return folder.path(name)
  }

  private func network(_ settings: [String] = xVector) throws -> any Encoder {
    try Configuration.load(file: nil, overrides: settings).network
  }

  @Test(arguments: [
    ["encoder={type: ecapa-tdnn, channels: 16, aggregation: 24, embedding: 7}", "features.bins=23"],
    ["encoder={type: ecapa-tdnn, channels: 8, aggregation: 12, globalContext: false}", "features.bins=24"],
    ["encoder={type: ecapa-tdnn, channels: 8, aggregation: 9, globalContext: false, pooling: xi}", "features.bins=24"],
    [
      "encoder={type: ecapa-tdnn, channels: 8, aggregation: 9, globalContext: false, pooling: tstp}",
      "features.bins=24",
    ],
    ["encoder={type: ecapa-tdnn, layout: speechbrain, channels: 16, aggregation: 24}", "features.bins=24"],
    ["encoder={type: x-vector, channels: 12, statistics: 20, embedding: 9, pooling: xi}", "features.bins=40"],
    ["encoder={type: resnet, depth: 18, channels: 3, embedding: 5}", "features.bins=24"],
    ["encoder={type: resnet, depth: 50, channels: 2, twoLayers: true, pooling: astp}", "features.bins=80"],
    ["encoder={type: resnet, depth: 34, channels: 2, gate: simam, pooling: asp}", "features.bins=16"],
    ["encoder={type: resnet, depth: 101, channels: 1, pooling: xi}", "features.bins=8"],
    ["encoder={type: campplus, channels: 12, growth: 6, bottleneck: 2, embedding: 11}", "features.bins=24"],
    ["encoder={type: redimnet, size: b2, embedding: 10}", "features.bins=48"],
    ["encoder={type: redimnet2, size: b2, embedding: 10}", "features.bins=24"],
  ])
  func `an encoder's type and sizes are found from its tensors`(settings: [String]) throws {
    let configuration = try Configuration.load(file: nil, overrides: settings)
    for prefix in ["", "model.encoder."] {
      let path = try write(tensors(configuration.network, prefix: prefix))
      let found = try ForeignEncoder(path).configuration
      #expect(found.encoder == configuration.encoder)
      #expect(found.features.bins == configuration.features.bins)
    }
  }

  @Test func `each tensor that is read is counted`() throws {
    let encoder = try network()
    let (path, shown) = (try write(tensors(encoder)), CountedWork())
    try ForeignEncoder(path).write(to: folder.path("out.safetensors"), counting: shown.counting)
    let count = encoder.layout.parameters.parameters.count + encoder.layout.statistics.parameters.count
    #expect(shown.works == [.init("tensors read", count: count, done: count, isOver: true)])
  }

  @Test func `PyTorch's file of a wrapped encoder in half precision becomes an encoder of svdist's`() throws {
    let encoder = try ForeignEncoder(Golden.url("torch-xvector.pt").path)
    #expect(
      encoder.description == "x-vector, channels 2, statistics 6, pooling tstp, embedding 4"
        && encoder.parameterCount == 206)
    #expect(encoder.notes.contains { $0.contains("1 tensor of a classifier or loss (module.projection.weight)") })
    #expect(encoder.notes.contains { $0.contains("1 tensor that count") })
    let output = folder.path("encoder.safetensors")
    try encoder.write(to: output)
    let file = try SafetensorsFile(path: output)
    #expect(file.names == (encoder.configuration.network.layout.names))
    for name in file.names {
      let values = try file.values(of: name)
      #expect(values == values.indices.map { Float($0 % 11 + 1) / 8 }, "\(name)")
    }
    #expect(try TrainedEncoder(output).extractor.embedding(of: noise, name: "noise").count == 4)
  }

  private let noise = NoiseCorpus.noise(speaker: 1, utterance: 1, seconds: 1)

  @Test func `the result embeds by the weights and the front end that were named`() throws {
    let network = try network()
    let path = try write(tensors(network))
    let output = folder.path("encoder.safetensors")
    try ForeignEncoder(path, toolkit: .speaker3D).write(to: output)
    var frontEnd = FrontEnd(bins: 24)
    (frontEnd.window, frontEnd.scale) = (.povey, .unit)
    let parameters = Matrix(rows: 1, columns: network.layout.parameters.count)
    let statistics = Matrix(rows: 1, columns: network.layout.statistics.count)
    network.layout.parameters.initialise(parameters.pointer, seed: 1)
    network.layout.statistics.initialise(statistics.pointer, seed: 1)
    let pass = ForwardPass(mode: .inference, parameters: parameters, statistics: statistics)
    let features = FilterBank(frontEnd).features(of: noise, dither: nil)
    let expected = network.encode(features, utterances: 1, pass).embeddings.values
    #expect(try TrainedEncoder(output).extractor.embedding(of: noise, name: "noise") == expected)
  }

  @Test func `tensors that are missing, of another shape or of something else are all told`() throws {
    let all = try tensors(network())
    let others =
      all.filter { $0.name != "frame_2.conv_1d.bias" && $0.name != "seg_2.bias" } + [
        NamedTensor(name: "seg_2.bias", shape: [5], values: [0, 0, 0, 0, 0]),
        NamedTensor(name: "bn2.weight", shape: [1], values: [1]),
      ]
    let path = try write(others)
    let failure = failure { _ = try ForeignEncoder(path) }
    #expect(failure?.kind == .badData)
    for part in [
      "\(path)/model.safetensors: wespeaker's x-vector", "x-vector, channels 3", "1 missing (frame_2.conv_1d.bias)",
      "1 of another shape (seg_2.bias [5], not [4])", "1 that it has not (bn2.weight)",
    ] {
      #expect(failure?.message.contains(part) == true, "\(failure?.message ?? "")")
    }
    let lines = try #require(failure?.cause as? EncoderComparison).lines
    #expect(
      lines == [
        "missing: frame_2.conv_1d.bias", "not the encoder's: bn2.weight",
        "of another shape: seg_2.bias is [5], and has to be [4]",
      ])
  }

  @Test(arguments: [
    ("ecapa-tdnn, channels: 8, aggregation: 12", ["layer1.conv.weight", "conv.weight", "linear.weight"]),
    (
      "ecapa-tdnn, layout: speechbrain, channels: 8, aggregation: 12",
      ["blocks.0.conv.conv.weight", "fc.conv.weight", "asp.tdnn.conv.conv.weight"]
    ),
    ("x-vector, channels: 3, statistics: 5", ["frame_5.conv_1d.weight", "seg_1.weight"]),
    ("resnet, depth: 18, channels: 3", ["conv1.weight", "seg_1.weight"]),
    ("campplus, channels: 12, growth: 6, bottleneck: 2", ["head.conv1.weight", "xvector.dense.linear.weight"]),
    ("redimnet2, size: b0", ["backbone.stem.0.weight", "linear.weight"]),
  ])
  func `a missing tensor that would tell a size is named`(encoder: String, names: [String]) throws {
    let all = try tensors(network(["encoder={type: \(encoder)}", "features.bins=24"]))
    for name in names {
      #expect(all.contains { $0.name == name })
      let path = try write(all.filter { $0.name != name })
      let failure = failure { _ = try ForeignEncoder(path) }
      #expect(failure?.kind == .badData && failure?.message.contains(name) == true, "\(failure?.message ?? "")")
    }
  }

  @Test func `of very many differences the first ones are listed`() throws {
    let path = try write(tensors(network()) + (100..<150).map { NamedTensor(name: "x\($0)", shape: [0], values: []) })
    let failure = failure { _ = try ForeignEncoder(path) }
    let lines = try #require(failure?.cause as? EncoderComparison).lines
    #expect(lines.count == 41 && lines[0] == "not the encoder's: x100" && lines[40] == "… and 10 more")
  }

  @Test func `numbers that are none are told, and nothing is written`() throws {
    var all = try tensors(network())
    let index = try #require(all.firstIndex { $0.name == "seg_1.bias" })
    all[index] = NamedTensor(name: "seg_1.bias", shape: [4], values: [0, .nan, 0, 0])
    let encoder = try ForeignEncoder(try write(all))
    let output = folder.path("encoder.safetensors")
    #expect(failure { try encoder.write(to: output) }?.message.contains("tensor seg_1.bias has values that") == true)
    #expect(!FileSystem.exists(output))
  }

  // MARK: - Configurations

  private func encoder(_ name: String, _ text: String) throws -> ForeignEncoder {
    try ForeignEncoder(try write(tensors(network()), [name: text]))
  }

  @Test func `wespeaker's configuration says what features there are, and what it says besides is told`() throws {
    let usual = try encoder(
      "config.yaml",
      """
      model: XVEC
      model_args: {feat_dim: 24, embed_dim: 4, pooling_func: TSTP}
      dataset_args:
        cmvn: true
        fbank_args: {num_mel_bins: 24, frame_length: 25, frame_shift: 10, dither: 0.5}
        resample_rate: 16000
      """)
    #expect(usual.configuration.features == FrontEnd(bins: 24, dither: 0.5))
    #expect(usual.notes.count == 1)
    let odd = try encoder(
      "config.yaml",
      """
      model: XVEC
      model_args: {feat_dim: 24}
      dataset_args:
        cmvn_args: {norm_mean: false, norm_var: true}
        fbank_args: {frame_length: 30, window_type: hanning, low_freq: 40, high_freq: -200, energy_floor: 1.0}
      """)
    var frontEnd = FrontEnd(bins: 24)
    (frontEnd.window, frontEnd.frameLength, frontEnd.meanRemoval) = (.hann, 30, .none)
    (frontEnd.lowestFrequency, frontEnd.highestFrequency) = (40, 7800)
    #expect(odd.configuration.features == frontEnd)
    #expect(odd.notes.contains { $0.contains("cmvn_args.norm_var divides features by their deviation") })
    #expect(odd.notes.contains { $0.contains("fbank_args.energy_floor (1.0) has no setting here") })
  }

  @Test func `wespeaker's other filter bank is ReDimNet2's`() throws {
    let arguments = "{n_mels: 24, win_length: 480, hop_length: 200, f_max: 7000, norm_signal: true, n_fft: 1024}"
    let found = try encoder(
      "config.yaml",
      "{model: M, model_args: {}, dataset_args: {frontend: tfmel, tfmel_args: \(arguments)}}")
    var frontEnd = FrontEnd(.tfmel)
    (frontEnd.bins, frontEnd.frameLength, frontEnd.frameShift, frontEnd.highestFrequency) = (24, 30, 12.5, 7000)
    #expect(found.configuration.features == frontEnd)
    #expect(found.notes.contains { $0.contains("tfmel_args.n_fft is 1024, here it is always 512") })
  }

  @Test func `pyannote's, 3D-Speaker's and SpeechBrain's configurations are known`() throws {
    let pyannote = try encoder(
      "config.yaml",
      """
      model:
        _target_: pyannote.audio.models.embedding.WeSpeakerResNet34
        sample_rate: 16000
        num_channels: 1
        num_mel_bins: 24
        dither: 0.0
        window_type: "hamming"
        use_energy: false
        fbank_centering_span: 2.0
      """)
    #expect(pyannote.configuration.features == FrontEnd(bins: 24, dither: 0))
    #expect(pyannote.notes.contains { $0.contains("model.fbank_centering_span (2.0) has no setting here") })
    var povey = FrontEnd(bins: 24, dither: 0)
    (povey.window, povey.scale) = (.povey, .unit)
    try FileSystem.remove(folder.path("home"))
    let speaker3D = try encoder(
      "configuration.json", #"{"model": {"type": "cam++-sv", "model_config": {"sample_rate": 16000, "emb_size": 4}}}"#)
    #expect(speaker3D.configuration.features == povey)
    try FileSystem.remove(folder.path("home"))
    let text =
      "n_mels: 24\ncompute_features: !new:F\n    n_mels: !ref <n_mels>\nembedding_model: !new:M {lin_neurons: 4}\n"
    let speechbrain = try encoder("hyperparams.yaml", text)
    var decibels = FrontEnd(.speechbrain)
    decibels.bins = 24
    #expect(speechbrain.configuration.features == decibels && speechbrain.notes.count == 1)
    let output = folder.path("encoder.safetensors")
    try speechbrain.write(to: output)
    let (own, written) = (
      try SafetensorsFile(path: folder.path("home/model.safetensors")), try SafetensorsFile(path: output)
    )
    for name in written.names { #expect(try written.values(of: name) == own.values(of: name), "\(name)") }
  }

  @Test func `SpeechBrain's configuration says what features there are, also by reference`() throws {
    func words(_ features: String, _ rest: String = "") -> String {
      "sample_rate: 16000\nn_mels: 24\nhighest: 7000\ncompute_features: !new:F\n  \(features)\n\(rest)"
        + "embedding_model: !new:M {lin_neurons: 4}\n"
    }
    let arguments = "f_min: 50\n  f_max: !ref <highest>\n  hop_length: 12.5\n  win_length: 25.0\n  deltas: False"
    let mean = "mean_var_norm: !new:N\n  norm_type: sentence\n  std_norm: False\n"
    let found = try encoder("hyperparams.yaml", words("n_mels: !ref <n_mels>\n  \(arguments)", mean))
    var frontEnd = FrontEnd(.speechbrain)
    (frontEnd.bins, frontEnd.frameShift) = (24, 12.5)
    (frontEnd.lowestFrequency, frontEnd.highestFrequency) = (50, 7000)
    #expect(found.configuration.features == frontEnd)
    #expect(found.notes.count == 1, "\(found.notes)")
    let odd = try encoder(
      "hyperparams.yaml",
      words("n_fft: 512\n  context: True\n  gain: 2", "mean_var_norm: !new:N\n  norm_type: sentence\n"))
    for part in [
      "compute_features.n_fft is 512, here it is always 400",
      "compute_features.context is True, here it is always false",
      "compute_features.gain (2) has no setting here", "mean_var_norm.std_norm is True, here it is always false",
    ] {
      #expect(odd.notes.contains { $0.contains(part) }, "\(odd.notes)")
    }
    for (features, message) in [
      ("sample_rate: 8000", "hears 8000.0 Hz"), ("hop_length: 40", "features.frameShift"),
      ("f_max: !ref <none>", "features.highestFrequency"),
      ("f_max: !ref <sample_rate> // 2", "features.highestFrequency"),
    ] {
      let failure = failure { _ = try encoder("hyperparams.yaml", words(features)) }
      #expect(failure?.kind == .badData && failure?.message.contains(message) == true, "\(failure?.message ?? "")")
    }
  }

  @Test(arguments: [
    ("{model: XVEC, model_args: {pooling_func: TAP}}", "pooling_func is TAP, but the tensors are those of TSTP"),
    ("{model: XVEC, model_args: {embed_dim: 5}}", "embeddings of 5 dimensions, the tensors make 4"),
    (
      "{model: XVEC, model_args: {feat_dim: 30}}",
      "1 of another shape (frame_1.conv_1d.weight [3, 24, 5], not [3, 30, 5])"
    ),
    ("{model: XVEC, model_args: {}, dataset_args: {resample_rate: 8000}}", "hears 8000.0 Hz, svdist's hear 16000 Hz"),
    ("{model: XVEC, model_args: {}, dataset_args: {frontend: s3prl}}", "dataset_args.frontend is s3prl"),
    ("{model: XVEC, model_args: {}, dataset_args: {fbank_args: {frame_shift: 30}}}", "features.frameShift"),
    ("a: &a [x]\nb: *a\n", "anchors (&name) are not read"),
    ("model: [XVEC\n", "config.yaml: is no YAML ("), ("a: b\n\tc: d\n", "config.yaml: is no YAML ("),
    ("model: XVEC\nmodel: XVEC\nmodel_args: {}\n", "config.yaml: is no YAML ("),
    ("\u{FEFF}{model: XVEC, model_args: {embed_dim: 5}}", "embeddings of 5 dimensions, the tensors make 4"),
  ])
  func `a configuration that asks for something else is told`(text: String, expected: String) throws {
    let failure = failure { _ = try encoder("config.yaml", text) }
    #expect(failure?.kind == .badData)
    #expect(failure?.message.contains(expected) == true, "\(failure?.message ?? "")")
  }

  @Test func `without a configuration the features are assumed, and that is told`() throws {
    let found = try ForeignEncoder(try write(tensors(network())))
    #expect(found.configuration.features == FrontEnd(bins: 24))
    #expect(found.notes.contains { $0.contains("those of wespeaker are assumed; --front-end names others") })
    let settings = ["encoder={type: campplus, channels: 8, growth: 4}", "features.bins=24"]
    let campplus = try tensors(network(settings))
    #expect(try ForeignEncoder(try write(campplus, [:], "c")).configuration.features.window == .povey)
    let classifier = NamedTensor(name: "projection.weight", shape: [1, 512], values: [Float](repeating: 0, count: 512))
    let whole = try ForeignEncoder(try write(campplus + [classifier], [:], "w"))
    #expect(whole.configuration.features.window == .hamming)
  }

  @Test func `a folder without weights or with several, and tensors of no encoder are told`() throws {
    try FileSystem.createFolder(folder.path("empty"))
    #expect(failure { _ = try ForeignEncoder(folder.path("empty")) }?.message.contains("no file of weights") == true)
    try folder.write("two/a.pt", "")
    try folder.write("two/b.ckpt", "")
    #expect(
      failure { _ = try ForeignEncoder(folder.path("two")) }?.message.contains("2 files of weights (a.pt, b.ckpt)")
        == true)
    let none = try write([NamedTensor(name: "a.b", shape: [1], values: [1])], [:], "none")
    #expect(failure { _ = try ForeignEncoder(none) }?.message.contains("none of the encoders that svdist has") == true)
    #expect(failure { _ = try ForeignEncoder(folder.path("absent")) }?.kind == .badData)
  }

  @Test func `nothing that is there already is written over`() throws {
    let path = try folder.write("there.safetensors", "something")
    let refusal = failure { try ForeignEncoder.check(path) }
    #expect(refusal?.kind == .usage && refusal?.message.contains("is there already") == true)
    #expect(failure { try ForeignEncoder.check(folder.path("no/such.safetensors")) }?.kind == .usage)
    try ForeignEncoder.check(folder.path("new.safetensors"))
  }
}

extension EncoderLayout {
  /// The names of all tensors, the trained ones first.
  fileprivate var names: [String] { (parameters.parameters + statistics.parameters).map(\.name) }
}
