import Foundation
import Synchronization

/// Computes embeddings of whole utterances, shared out over ranks.
///
/// An encoder's memory grows with the length of its input (by some hundred megabytes a minute). An
/// utterance that is longer than `longestPiece` is therefore divided into equal pieces, as few as possible, and its
/// embedding is the mean of theirs, before length normalisation, weighted by their lengths.
public struct EmbeddingExtractor: Sendable {
  /// The usual length in seconds of the longest utterance that is embedded as a whole.
  public static let usualLongestPiece = Configuration.Evaluation().longestPiece
  /// The lengths in seconds that the longest utterance which is embedded as a whole may have.
  public static let longestPieces = Configuration.Evaluation.longestPieces
  /// The length in seconds of the shortest utterance that is embedded: ten frames, less than a syllable.
  package static let shortest = 0.1

  package let encoder: any Encoder
  package let parameters: Matrix
  package let statistics: Matrix
  private let filterBank: FilterBank
  /// The length in seconds of the longest utterance that is embedded as a whole.
  public let longestPiece: Double
  /// The least speech in seconds that an utterance must have, without its pauses (`VoiceActivity`); 0 asks for none.
  package var minimumSpeech = 0.0
  /// The crops by which utterances are compared: an utterance's vector is then the mean of their directions; nil embeds
  /// it whole.
  package var crops: MultiCrop?
  private let prepared = PreparedWeights()
  var frontEnd: FrontEnd { filterBank.frontEnd }
  func inference(_ prepared: PreparedWeights) -> ForwardPass {
    ForwardPass(
      mode: .inference, parameters: parameters, statistics: statistics, keepsCaches: false, prepared: prepared)
  }

  /// Makes an extractor of an encoder as it is now: its parameters and statistics must not change meanwhile.
  /// - Parameters:
  ///   - encoder: the encoder of the embeddings.
  ///   - frontEnd: the front end that the encoder was trained with; its dither is left out.
  ///   - parameters: a flat matrix that begins with the encoder's parameters.
  ///   - statistics: a flat matrix of the encoder's running statistics.
  ///   - longestPiece: the length in seconds of the longest utterance that is embedded as a whole, one of
  ///     `longestPieces`. The memory of an embedding grows with it.
  public init(
    encoder: any Encoder, frontEnd: FrontEnd, parameters: Matrix, statistics: Matrix,
    longestPiece: Double = usualLongestPiece
  ) {
    precondition(Self.longestPieces.contains(longestPiece), "pieces of up to \(longestPiece) s")
    self.longestPiece = longestPiece
    self.encoder = encoder
    self.parameters = parameters
    self.statistics = statistics
    filterBank = FilterBank(frontEnd)
  }

  /// The embedding of a waveform before length normalisation. A waveform that is shorter than a frame is repeated to
  /// fill one.
  /// - Parameters:
  ///   - samples: the samples at 16 kHz, where full scale is ±1.
  ///   - name: the name of the waveform in an error.
  /// - Throws: `Failure(.badData)` where the encoder accepts no utterance of so few frames, or the embedding is not
  ///   finite.
  package func embedding(of samples: [Float], name: String) throws -> [Float] {
    let filled = filled(samples)
    let frames = frontEnd.frames(samples: filled.count)
    guard frames >= encoder.minimumFrames else {
      throw Failure(
        .badData,
        "\(name): \(samples.count) samples at 16 kHz are too short for this encoder, which takes "
          + "\(encoder.minimumFrames) frames (\(frontEnd.samples(frames: encoder.minimumFrames)) samples) or more")
    }
    let vector = embedding(of: features(of: filled))
    guard vector.allSatisfy(\.isFinite) else {
      throw Failure(.badData, "\(name): its embedding is not finite: are the encoder's parameters damaged?")
    }
    guard vector.contains(where: { $0 != 0 }) else {
      throw Failure(.badData, "\(name): its embedding is zeros alone: are the encoder's parameters damaged?")
    }
    return vector
  }

  /// The samples, repeated to fill a frame where they are fewer.
  func filled(_ samples: [Float]) -> [Float] {
    Waveform.tiled(samples, count: max(samples.count, frontEnd.samples(frames: 1)))
  }

  /// The features of at least one frame of samples, bins × frames.
  func features(of samples: [Float]) -> Matrix { filterBank.features(of: samples, dither: nil) }

  /// The embedding of an utterance's features, bins × frames, before length normalisation.
  package func embedding(of features: Matrix) -> [Float] {
    encoder.encode(features, utterances: 1, inference(prepared)).embeddings.values
  }

  /// Divides samples into equal pieces, as few as possible, none longer than `longestPiece`.
  package func pieces(_ samples: Range<Int>) -> [Range<Int>] {
    let longest = Int(longestPiece * Double(FrontEnd.sampleRate))
    let count = (samples.count + longest - 1) / longest
    return (0..<count).map { index in
      samples.lowerBound + samples.count * index / count..<samples.lowerBound + samples.count * (index + 1) / count
    }
  }

  /// A remark on the utterances of which the embeddings are those of pieces, in one line; nil where there are none.
  /// - Parameter seconds: the lengths of all utterances.
  package func remark(_ seconds: some Collection<Double>) -> String? {
    let count = seconds.count { $0 > longestPiece }
    guard count > 0 else { return nil }
    return
      "\(count) of \(seconds.count.counted("utterance")) \(count.ifOne("is", "are")) longer than "
      + "\(String(format: "%g", longestPiece)) s: the embedding of each is the mean of those of equal pieces"
  }

  /// A remark on the utterances that are the mean of several channels, in one line; nil where there are none.
  package static func remark(averaged: Int, of count: Int) -> String? {
    guard averaged > 0 else { return nil }
    return
      "\(averaged) of \(count.counted("utterance")) "
      + averaged.ifOne("is the mean of its recording's", "are the mean of their recordings'")
      + " channels: svdist prepare --channel takes one or each"
  }

  /// The embeddings of utterances, on every rank; each is computed by one rank. Its threads embed short utterances side
  /// by side, with the same bits (`EmbeddingTurns`).
  /// - Parameters:
  ///   - isToStop: is asked by the thread that calls this, before each utterance that it embeds itself and before each
  ///     minute of shorter ones for each thread. Once it is true, or an utterance has failed, no thread begins another.
  ///   - progress: is called for each utterance of this rank when it is done, with its place, from 0, in the order in
  ///     which the ranks take turns.
  /// - Throws: `AgreedFailure` that names a file which cannot be read, counts the utterances with less than
  ///   `minimumSpeech`, or is of kind `stopped` where `isToStop` was true on any rank.
  public func embeddings<Utterances: RandomAccessCollection<Utterance>>(
    of utterances: Utterances, communicator: any Communicator, isToStop: () -> Bool = { false },
    progress: (Int) -> Void = { _ in }
  ) throws -> Embeddings where Utterances.Index == Int {
    try withoutActuallyEscaping(isToStop) { isToStop in
      let question = OwnQuestion(isToStop)
      return try embeddings(
        of: utterances, known: nil, communicator: communicator, isToStop: { question.answer }, progress: progress)
    }
  }

  /// The embeddings of utterances as the other `embeddings` gives them.
  /// - Parameters:
  ///   - known: the recordings that were found whole before, and get those that now are.
  ///   - team: the threads that embed short utterances side by side.
  ///   - isToStop: is asked before each utterance, by the thread that is to embed it.
  package func embeddings<Utterances: RandomAccessCollection<Utterance>>(
    of utterances: Utterances, known: WholeRecordings?, team: ThreadTeam = .shared, communicator: any Communicator,
    isToStop: @Sendable () -> Bool = { false }, progress: (Int) -> Void = { _ in }
  ) throws -> Embeddings where Utterances.Index == Int {
    let vectors = Matrix.zeros(rows: utterances.count, columns: encoder.dimensions)
    let turns = EmbeddingTurns(
      utterances.map(\.seconds), rank: communicator.rank, ranks: communicator.size, threads: team.size)
    var averaged = 0
    var short: [SpeechShortage.Utterance] = []
    try communicator.agree {
      for group in turns.groups {
        // Here it is asked for the group's first utterance, because other threads may take all of it.
        try Self.check(isToStop)
        let own = group.turns.map { utterances[$0.utterance] }
        // Once one has too little speech there will be no embeddings, and the others are only looked at for that.
        let isRefused = !short.isEmpty
        let results = team.results(own.count) { index in
          if index > 0 { try Self.check(isToStop) }
          return try heard(own[index], known: known, speechAlone: isRefused)
        }
        for (turn, result) in zip(group.turns, results) {
          let heard = try result.get()
          vectors.row(turn.utterance).update(from: heard.vector, count: heard.vector.count)
          if heard.channels > 1 { averaged += 1 }
          if let seconds = heard.littleSpeech {
            short.append(SpeechShortage.Utterance(utterances[turn.utterance], place: turn.utterance, seconds))
          }
          progress(turn.place)
        }
      }
    }
    if minimumSpeech > 0 {
      let all = communicator.gatherValues(short).flatMap(\.self)
      try communicator.agree {
        if let shortage = SpeechShortage(all, of: utterances.count) { throw shortage.failure(minimum: minimumSpeech) }
      }
    }
    // Training needs buffers of other sizes.
    BufferPool.shared.trim()
    communicator.sum(vectors)
    var embeddings = try Embeddings(names: utterances.map(\.id), vectors: vectors)
    embeddings.averaged = Int(communicator.sum(Double(averaged)))
    return embeddings
  }

  private static func check(_ isToStop: () -> Bool) throws {
    if isToStop() { throw Failure(.stopped, "stopped on request before all utterances had their embeddings") }
  }
}

/// A question that only the thread which made this asks. To other threads the answer is yes once that thread had it.
///
/// Unchecked: no other thread calls `ask`.
private final class OwnQuestion: @unchecked Sendable {
  private let ask: () -> Bool
  private let asker = pthread_self()
  private let isTrue = Atomic(false)

  init(_ ask: @escaping () -> Bool) {
    self.ask = ask
  }

  var answer: Bool {
    if pthread_equal(pthread_self(), asker) != 0, ask() { isTrue.store(true, ordering: .relaxed) }
    return isTrue.load(ordering: .relaxed)
  }
}
