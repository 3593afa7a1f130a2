import ArgumentParser
import DistTrain
import Foundation

/// `svdist verify`: the score of two recordings, or of one against an enrolment of several.
struct VerifyCommand: EndableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Compares the speakers of two recordings.",
    discussion: """
      Prints the cosine of their embeddings, or the score of a back end of svdist fit, and, with --threshold, whether they \
      count as one speaker. A speaker that is enrolled by several recordings has the mean of their embeddings: \
      --enrol a.wav b.wav --test c.wav.
      """)

  @Argument(help: "The enrolment's recording and the test's, where --enrol and --test do not name them.")
  var recordings: [String] = []

  @Option(
    name: [.long, .customLong("enroll")], parsing: .upToNextOption,
    help: ArgumentHelp("The recordings of the enrolment.", valueName: "file"))
  var enrol: [String] = []

  @Option(help: ArgumentHelp("The test's recording.", valueName: "file"))
  var test: String?

  @Option(help: ArgumentHelp("A run folder, a checkpoint, or a file of svdist import or average.", valueName: "path"))
  var encoder: String

  @Option(
    help: ArgumentHelp(
      "Score by a back end of svdist fit: its file, or its name beside the encoder.", valueName: "file|name")
  )
  var backEnd: String?

  @Option(
    help: ArgumentHelp(
      "Scores of at least this count as one speaker; or a file by svdist threshold.", valueName: "score|file"))
  var threshold: String?

  @OptionGroup var crops: CropOptions

  @OptionGroup var pieces: PieceOptions

  @OptionGroup var speech: SpeechOptions

  @OptionGroup var messages: MessageOptions

  func validate() throws {
    try crops.check(beside: [("--back-end", backEnd != nil)], pieces)
    try OptionRange.check("--threshold", number, in: backEnd == nil ? -1...1 : -1e6...1e6)
    if let threshold, number == nil, !FileSystem.exists(threshold) {
      throw ValidationError("--threshold \(threshold): neither a number nor a file")
    }
    let isNamed = !enrol.isEmpty && test != nil && recordings.isEmpty
    guard isNamed || (enrol.isEmpty && test == nil && recordings.count == 2) else {
      throw ValidationError(
        "two recordings are compared: name the enrolment's and the test's, or give --enrol FILE… and --test FILE")
    }
  }

  /// The threshold where it is a number.
  private var number: Double? { threshold.flatMap { try? OptionRange.decimal($0) } }

  func run() throws {
    let rule = try threshold.flatMap { try number == nil ? DecisionFile.read($0) : nil }
    let loaded = try backEnd.map { try BackEndOptions.Loaded($0, besideEncoder: encoder) }
    let trained = try TrainedEncoder(Embedding.file(of: encoder, messages), longestPiece: pieces.seconds)
    if let rule {
      let own =
        loaded?.origin(encoder: trained.identity) ?? ScoreOrigin.cosines(of: crops.chosen, encoder: trained.identity)
      try check(rule, own)
    }
    var extractor = trained.extractor
    extractor.minimumSpeech = speech.seconds
    extractor.crops = crops.chosen
    let paths = (enrol.isEmpty ? [recordings[0]] : enrol) + [test ?? recordings[1]]
    let seconds = try inspect(paths, extractor)
    let vectors = try messages.counting().count(paths.count, of: "recordings embedded") { [extractor] done in
      try paths.map { path in
        defer { done(1) }
        return try extractor.embedding(path: path, name: path)
      }
    }
    let (enrolment, test) = (Array(vectors.dropLast()), vectors[vectors.count - 1])
    let score =
      try loaded?.backEnd.score(enrolment: enrolment, test: test, seconds: seconds, encoder: trained.identity)
      ?? cosine(EnrolmentMap.mean(enrolment), test)
    let answer = number.map { Double(score) >= $0 ? .same : .different } ?? rule?.answer(Double(score))
    print(
      "\(loaded?.backEnd.scoreName ?? "cosine") \(String(format: "%.4f", score))"
        + (answer.map { "  \($0.rawValue)" } ?? ""))
  }

  /// Checks that a threshold is of scores that are made as the one to be given.
  private func check(_ rule: DecisionFile.Rule, _ own: ScoreOrigin) throws {
    let place = "--threshold \(threshold ?? "")"
    let note = try rule.scores.map { try $0.check(own, place) } ?? "\(place): it is not known of which scores it is"
    messages.note(note)
  }

  /// The cosine of two embeddings, or of all pairs of crops where their mean directions are given.
  private func cosine(_ enrolment: [Float], _ test: [Float]) -> Float {
    guard crops.chosen != nil else { return TrialScorer.cosine(enrolment, test) }
    return Float(zip(enrolment, test).reduce(0.0) { $0 + Double($1.0) * Double($1.1) })
  }

  /// The lengths of recordings in seconds. Says what is to be said of each, and of the memory that they take.
  private func inspect(_ paths: [String], _ extractor: EmbeddingExtractor) throws -> [Double] {
    let found = try paths.map { try AudioInspection.inspect(path: $0) }
    for (path, found) in zip(paths, found) {
      let remarks = [
        extractor.remark([found.seconds]), EmbeddingExtractor.remark(averaged: found.channels > 1 ? 1 : 0, of: 1),
      ]
      for remark in remarks.compactMap(\.self) { messages.note("\(path): \(remark)") }
    }
    Embedding.warnOfMemory(extractor, found.map(\.seconds), SoleCommunicator())
    return found.map(\.seconds)
  }
}
