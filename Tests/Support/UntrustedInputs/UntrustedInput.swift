import DistTrain
import Foundation

/// Files that may come from strangers, each with its reader: whatever the bytes, it gives a value or throws a
/// `Failure`.
///
/// A name is also that of the folder of `Tests/Fuzzing/inputs` with its examples.
package enum UntrustedInput: String, CaseIterable, Sendable {
  case safetensors, manifest, state, trials, recordings, durations, segments, table, configuration
  case archive, script, enrolments, shard, shards, list, index, recording
  case torch, pickle, onnx, toolkit
  case scores, origin, threshold, utterances, measures, published
  case backEnd = "back-end"

  /// Reads the bytes as if they were such a file.
  /// - Parameter folder: a folder of the caller's, whose files are written over.
  package func read(_ bytes: [UInt8], in folder: String) throws {
    func write(_ bytes: [UInt8], _ name: String) throws -> String {
      let file = try OutputFile(path: folder + "/" + name)
      try file.write(bytes)
      try file.finish(syncing: false)
      return file.path
    }
    switch self {
    case .safetensors:
      let file = try SafetensorsFile(path: try write(bytes, "input.safetensors"))
      for name in file.names { _ = try file.values(of: name) }
    case .manifest:
      for name in ["model.safetensors", "optimizer.safetensors", "state.json"] { _ = try write([], name) }
      _ = try write(bytes, "manifest.json")
      _ = try Checkpoint(verifying: folder)
    case .state: _ = try TrainingState(json: bytes, path: "state.json")
    case .trials: _ = try TrialList.read(try write(bytes, "trials"))
    case .recordings, .durations:
      // The same bytes as each list: lines of two fields are all of them.
      let names = self == .recordings ? ["wav.scp", "utt2spk"] : ["wav.scp", "utt2spk", "utt2dur"]
      for name in names { _ = try write(bytes, name) }
      try Self.hear(Corpus.open(folder) { _ in 1 }, in: folder)
    case .segments:
      _ = try write(Array("r r.wav\n".utf8), "wav.scp")
      _ = try write(Array("u s\n".utf8), "utt2spk")
      _ = try write(bytes, "segments")
      try Self.hear(Corpus.open(folder) { _ in 1 }, in: folder)
    case .table: try Self.hear(CorpusSource(try write(bytes, "table.csv")), in: folder)
    case .configuration:
      let configuration = try Configuration.load(file: try write(bytes, "input.yaml"))
      _ = (configuration.yaml, configuration.batch.rows)
    case .archive: _ = try EmbeddingFile.read(try write(bytes, "input.ark"))
    case .script: _ = try EmbeddingFile.read(try write(bytes, "input.scp"))
    case .shard:
      let shard = try write(bytes, "a.tar")
      _ = try CorpusSource(try write(Array("\(shard)\n".utf8), "shard.list"))
    case .shards:
      _ = try write(bytes, "shards.tsv")
      defer { try? FileSystem.remove("\(folder)/shards.tsv") }
      _ = try ShardRecords(folder)?.damaged().summary(in: folder)
    case .list: try Self.hear(CorpusSource(try write(bytes, "raw.list"), layout: .wespeaker), in: folder)
    case .index:
      for (name, text) in [("wav.scp", "u u.wav\nv v.wav\n"), ("utt2spk", "u s\nv t\n"), ("utt2dur", "u 1\nv 2\n")] {
        _ = try write(Array(text.utf8), name)
      }
      defer { for name in ["utt2dur", "corpus.index"] { try? FileSystem.remove("\(folder)/\(name)") } }
      try CorpusIndex.write(folder)
      // Lists that it is not of would end all others at its header: three bytes say where it has another byte.
      var index = try InputFile.contents(of: "\(folder)/corpus.index")
      for start in stride(from: 0, to: bytes.count - 2, by: 3) {
        index[(Int(bytes[start]) << 8 | Int(bytes[start + 1])) % index.count] = bytes[start + 2]
      }
      _ = try write(Self.sealedIndex(index), "corpus.index")
      let corpus = try Corpus.open(folder)
      for utterance in corpus.utterances { _ = (utterance.id, utterance.path, corpus.speakers[utterance.speaker]) }
      try Self.hear(corpus, in: folder)
    case .recording: try Self.hear(all: try write(bytes, "input.audio"))
    case .torch: try Self.readTensors(of: TorchFile(path: try write(bytes, "input.pt")))
    case .pickle:
      let archive = TorchArchive(pickle: bytes, storages: ["0": (0..<24).map { 60 + $0 }])
      try Self.readTensors(of: TorchFile(path: try write(archive.bytes, "input.pt")))
    case .onnx:
      let path = try write(bytes, "input.onnx")
      try Self.readTensors(of: ExportedTensors(path: path))
      do { _ = try ForeignEncoder(path).notes } catch is Failure {}
    case .toolkit:
      try Self.writeEncoder(to: folder + "/model.safetensors")
      _ = try write(bytes, "config.yaml")
      _ = try ForeignEncoder(folder).notes
    case .enrolments: _ = try EnrolmentMap.read(try write(bytes, "enroll.map"))
    case .scores: try Self.judge(try write(bytes, "scores"))
    case .origin:
      // Bytes that tell the digest of these scores.
      let scores = try write(Array("a b 1 target\n".utf8), "scores")
      _ = try write(bytes, "scores.origin")
      try ScoreOrigin.check(of: scores)
      guard let origin = try ScoreOrigin.of(scores: scores) else { throw Failure(.badData, "no origin") }
      _ = try origin.check(ScoreOrigin(kind: origin.kind, encoder: nil, backEnd: origin.backEnd), origin.words)
    case .threshold:
      let rule = try DecisionFile.read(try write(bytes, "threshold.json"))
      for score in [-1, 0, 1e300] { _ = rule.answer(score) }
      _ = try rule.scores?.check(ScoreOrigin(kind: ScoreOrigin.cosine, encoder: nil), "--threshold")
    case .utterances:
      let table = try UtteranceTable(path: try write(bytes, "table.csv"))
      for column in table.columns { _ = ValueClasses(try table.values(column, of: ["a", "b.wav", ""])) }
    case .measures:
      let path = try write(bytes, "utt2dur")
      _ = try UtteranceSpeakers(path).speaker(of: "a")
      _ = try UtteranceDurations(path)
    case .published: try Self.recognise(try write(bytes, "trials"))
    case .backEnd: try Self.score(by: BackEndFile.read(try write(bytes, "input.safetensors")), in: folder)
    }
  }

  private static func readTensors(of file: some TensorFile) throws {
    for name in file.names {
      var values = [Float](repeating: 0, count: try file.shape(of: name).reduce(1, *))
      do { try values.withUnsafeMutableBufferPointer { try file.read(name, into: $0) } } catch is Failure {}
    }
  }

  /// Writes the tensors of a small x-vector encoder, all of which are 0.
  private static func writeEncoder(to path: String) throws {
    let settings = ["encoder={type: x-vector, channels: 2, statistics: 2, embedding: 4}", "features.bins=8"]
    let layout = try Configuration.load(file: nil, overrides: settings).network.layout
    let tensors = (layout.parameters.parameters + layout.statistics.parameters).map {
      NamedTensor(name: $0.name, shape: $0.shape, values: [Float](repeating: 0, count: $0.count))
    }
    let file = try OutputFile(path: path)
    try SafetensorsFile.write(tensors, metadata: [:], into: file)
    try file.finish(syncing: false)
  }

  private static func hear(_ corpus: Corpus, in folder: String) throws {
    for utterance in corpus.utterances.prefix(8) { try hear(utterance.start, utterance.seconds, in: folder) }
  }

  private static func hear(_ source: CorpusSource, in folder: String) throws {
    for utterance in source.utterances.prefix(8) {
      for part in [utterance] + utterance.pieces { try hear(part.start, part.seconds, in: folder) }
    }
  }

  /// Reads a recording as preparation, training and scoring do, and copies it.
  private static func hear(all path: String) throws {
    let found = try AudioInspection.inspect(path: path)
    let samples = try Waveform.read(path: path)
    try AudioFile.write(samples, to: path + ".wav")
    _ = try Waveform.read(path: path, start: found.seconds / 3, seconds: 0.1, speed: 1.1)
    guard samples.count >= 400, samples.count < 100_000 else { return }
    let features = FilterBank(FrontEnd()).features(of: samples, dither: nil).values
    guard features.allSatisfy(\.isFinite) else { fatalError("\(path): its features are not finite") }
  }

  /// Opens a second of sound at the times that a list named, as preparation and training open recordings.
  private static func hear(_ start: Double, _ seconds: Double?, in folder: String) throws {
    let path = folder + "/second.wav"
    if !FileSystem.exists(path) { try AudioFile.write((0..<16_000).map { $0 % 2 == 0 ? 0.5 : -0.5 }, to: path) }
    do { _ = try AudioInspection.inspect(path: path, start: start, seconds: seconds) } catch is Failure {}
    do { _ = try Waveform.read(path: path, start: start, seconds: seconds) } catch is Failure {}
    do { _ = try Waveform.read(path: path, start: start / 0.9, seconds: seconds, speed: 0.9) } catch is Failure {}
  }
}
