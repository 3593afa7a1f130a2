/// What an extractor hears of an utterance.
struct HeardUtterance: Sendable {
  /// The embedding, or the mean direction of the crops; empty where none was made.
  var vector: [Float] = []
  /// The number of the channels of which it heard the mean.
  let channels: Int
  /// The seconds of speech where they are fewer than are asked for.
  var littleSpeech: Double?
}

extension EmbeddingExtractor {
  /// The embedding of an utterance before length normalisation.
  /// - Throws: `Failure(.badData)` where its file cannot be read or ends more than 0.1 s before it, it is shorter than
  ///   0.1 s or too short for the encoder, it has too little speech, or its embedding is not finite.
  public func embedding(of utterance: Utterance) throws -> [Float] {
    try demand(heard(utterance), Self.name(of: utterance))
  }

  /// The embedding of a recording, or of `seconds` of it from `start` on, before length normalisation.
  /// - Parameter name: the name of the recording in an error.
  /// - Throws: as the embedding of an utterance.
  package func embedding(path: String, start: Double = 0, seconds: Double? = nil, name: String) throws -> [Float] {
    try demand(heard(path: path, start: start, seconds: seconds, channel: nil, name: name), name)
  }

  private func demand(_ heard: HeardUtterance, _ name: String) throws -> [Float] {
    if let seconds = heard.littleSpeech { throw SpeechShortage.failure(name, seconds, minimum: minimumSpeech) }
    return heard.vector
  }

  private static func name(of utterance: Utterance) -> String { "utterance \(utterance.id) (\(utterance.path))" }

  /// Hears an utterance.
  /// - Parameters:
  ///   - known: the recordings that were found whole before.
  ///   - speechAlone: whether no embedding is needed, only whether there is enough speech.
  func heard(
    _ utterance: Utterance, known: WholeRecordings? = nil, speechAlone: Bool = false
  ) throws -> HeardUtterance {
    try heard(
      path: utterance.path, start: utterance.start, seconds: utterance.seconds, channel: utterance.channel,
      name: Self.name(of: utterance), known: known, speechAlone: speechAlone)
  }

  /// Hears a recording.
  /// - Parameter channel: the channel that it hears, counted from 0; nil hears the mean of all.
  private func heard(
    path: String, start: Double, seconds: Double?, channel: Int?, name: String, known: WholeRecordings? = nil,
    speechAlone: Bool = false
  ) throws -> HeardUtterance {
    let file = try AudioFile(path: path)
    let whole = try samples(of: file, start: start, seconds: seconds, name: name, known: known)
    func read(_ samples: Range<Int>) throws -> [Float] {
      try Waveform.read(file, samples, sampleRate: FrontEnd.sampleRate, channel: channel)
    }
    var heard = HeardUtterance(channels: channel == nil ? file.channels : 1)
    let pieces = pieces(whole)
    // What is embedded as a whole is not read twice.
    var only: [Float]?
    if minimumSpeech > 0 {
      var energies = FrameEnergies(sampleRate: FrontEnd.sampleRate)
      for piece in pieces {
        let samples = try read(piece)
        energies.append(samples)
        if pieces.count == 1 { only = samples }
      }
      let speech = VoiceActivity().seconds(energies, sampleRate: FrontEnd.sampleRate)
      if speech < minimumSpeech { heard.littleSpeech = speech }
    }
    if heard.littleSpeech != nil || speechAlone { return heard }
    if let crops = crops?.crops(of: whole), crops.count > 1 {
      heard.vector = MultiCrop.meanDirection(of: try crops.map { try embedding(of: read($0), name: name) })
    } else {
      let vectors = try pieces.map { try embedding(of: only ?? read($0), name: name) }
      heard.vector = vectors.count == 1 ? vectors[0] : Self.mean(of: vectors, pieces)
      if crops != nil { heard.vector = MultiCrop.meanDirection(of: [heard.vector]) }
    }
    return heard
  }

  /// The samples of a stretch of a recording, at the front end's rate.
  /// - Throws: `Failure(.badData)` where it is too short to be embedded, or the recording has another length than it says.
  private func samples(
    of file: AudioFile, start: Double, seconds: Double?, name: String, known: WholeRecordings?
  ) throws -> Range<Int> {
    let whole = try Waveform.samples(of: file, start: start, seconds: seconds, sampleRate: FrontEnd.sampleRate)
    let length = Double(whole.count) / Double(FrontEnd.sampleRate)
    guard length >= Self.shortest else {
      throw Failure(
        .badData,
        "\(name): lasts \(KaldiDirectory.rounded(length)) s, too little to tell a speaker by: at least "
          + "\(Self.shortest) s are needed")
    }
    _ = try Waveform.stretch(of: file, start: start, seconds: seconds)
    try file.checkNothingFollows(Double(whole.upperBound) / Double(FrontEnd.sampleRate), known: known)
    return whole
  }

  /// The mean of the embeddings of an utterance's pieces, weighted by their lengths.
  private static func mean(of vectors: [[Float]], _ pieces: [Range<Int>]) -> [Float] {
    var sums = [Double](repeating: 0, count: vectors[0].count)
    for (vector, piece) in zip(vectors, pieces) {
      for (index, value) in vector.enumerated() { sums[index] += Double(value) * Double(piece.count) }
    }
    let samples = pieces.reduce(0) { $0 + $1.count }
    return sums.map { Float($0 / Double(samples)) }
  }
}
