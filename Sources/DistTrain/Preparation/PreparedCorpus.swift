import Foundation

/// The output of svdist prepare: one data directory, or one to train on and one of held-out speakers to evaluate on.
package struct PreparedCorpus: Sendable {
  /// One data directory of the output.
  package struct Part: Sendable {
    /// The name of its folder in the output; empty for the output itself.
    package let name: String
    package let corpus: Corpus
    package let trials: TrialDraw?
    /// The evaluation that the corpus brings along, where it has one.
    package let published: PublishedEvaluation?
    package let utterances: [ListedUtterance]
    /// The part of the source's own lists that is kept.
    let kept: KeptLists?

    init(
      name: String, utterances: [ListedUtterance], trials: TrialDraw? = nil, published: PublishedEvaluation? = nil,
      kept: KeptLists? = nil
    ) {
      self.name = name
      corpus = Corpus(utterances)
      self.trials = trials
      self.published = published
      self.utterances = utterances
      self.kept = kept
    }

    /// Whether each trial is a target; nil without a trial list.
    package var targets: [Bool]? { trials?.trials.map(\.isTarget) ?? published?.trials.targets }
  }

  package static let leftOutName = "left-out.tsv"
  /// The name of the folder of crops to listen to, which the program adds.
  package static let listeningName = "listen"
  /// The names of all that can lie in an output folder.
  package static let names: Set<String> = [
    "wav.scp", "utt2spk", "spk2utt", "utt2dur", "segments", TrialList.name, CompanionLists.gendersName, leftOutName,
    "train", "evaluation",
    PublishedEvaluation.enrolmentsName, PreparedAudio.folderName, PreparedAudio.joinedName,
    CorpusIndex.name, ShardWriter.folderName, ShardWriter.listName, ShardRecords.name, SilenceTrimming.reportName,
    listeningName,
  ]

  /// The names and the mark by which an earlier output is known. Only svdist writes a list of what it left out, and it
  /// does so each time.
  package static let contents = WholeFolder.Contents(mark: leftOutName) { path in
    var parts = path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    if parts.count > 1, partNames.contains(parts[0]) { parts.removeFirst() }
    let rest = Array(parts.dropFirst())
    if rest == [""] { return folderNames.contains(parts[0]) }
    return switch parts[0] {
    case PreparedAudio.folderName: PreparedAudio.has(rest, parts: partNames)
    case ShardWriter.folderName: rest.count == 1 && ShardWriter.isShard(rest[0])
    case listeningName: rest.count == 1 && ListeningFolder.has(rest[0])
    default: rest.isEmpty && fileNames.contains(parts[0])
    }
  }

  private static let partNames: Set<String> = ["train", "evaluation"]
  private static let folderNames = partNames.union([PreparedAudio.folderName, ShardWriter.folderName, listeningName])
  private static let fileNames = names.subtracting(folderNames)

  package let parts: [Part]
  private let leftOut: [LeftOut]
  private let trimming: SilenceTrimming?
  /// A remark on the source's genders that are not taken over.
  private let gendersRemark: String?

  /// Divides the usable utterances and draws the trials.
  /// - Parameters:
  ///   - heldOut: chooses the speakers to evaluate on; nil for no division.
  ///   - trials: the number of trials over the held-out speakers, or over all speakers where none are held out; nil
  ///     draws the default number over held-out speakers, and none otherwise.
  ///   - seed: decides which trials are drawn.
  /// - Throws: `Failure(.badData)` where no utterance can be used, and whatever `heldOut` and `TrialDraw` throw.
  package init(
    _ preparation: CorpusPreparation, heldOut: (Corpus) throws -> Set<Name>?, trials: Int?, seed: UInt64
  ) throws {
    leftOut = preparation.leftOut
    trimming = preparation.trimming
    guard !preparation.utterances.isEmpty else {
      let reasons = preparation.leftOutByKind.map { "\($0.count) × \($0.kind)" }.joined(separator: ", ")
      let first = preparation.leftOut.first.map { "\($0.path) \($0.reason)" } ?? ""
      throw Failure(.badData, "no utterance can be used (\(reasons)); the first: \(first)")
    }
    let division = Division(preparation, trials: trials, seed: seed)
    let whole = Corpus(preparation.utterances)
    parts = try division.parts(whole, held: heldOut(whole))
    gendersRemark = preparation.companions?.gendersRemark(speakers: whole.speakers)
  }

  /// Writes the whole output folder.
  ///
  /// - Parameters:
  ///   - recordings: the outputs of commands, which are moved into the output.
  ///   - shards: writes all audio into the output as shards; nil leaves the audio where it is.
  ///   - relativePaths: whether the lists give paths relative to their folder rather than absolute ones.
  ///   - overwrite: whether an earlier output in the folder is replaced.
  ///   - finished: is called after each utterance that came into a shard, from any thread.
  /// - Returns: the samples that were clipped in the audio that was written with 16 bits.
  /// - Throws: `Failure(.usage)` where the folder is taken or cannot be written.
  @discardableResult
  package func write(
    _ output: String, recordings: CommandRecordings? = nil, shards: ShardWriter? = nil, relativePaths: Bool,
    overwrite: Bool, finished: @escaping @Sendable () -> Void = {}
  ) throws -> Clipping {
    let base = FileSystem.resolved(URL(fileURLWithPath: output).standardizedFileURL.path)
    let audio = PreparedAudio.folderName
    var clipping = recordings?.clipping ?? Clipping()
    if overwrite, shards == nil { try checkOverwriting(base, named: output) }
    try WholeFolder.write(output, replacing: overwrite ? Self.contents : nil) { folder in
      let place = Place(folder: folder, final: base, isRelative: relativePaths)
      for part in parts {
        try write(part, at: place, recordings, shards, clipping: &clipping, finished: finished)
      }
      if shards != nil {
        try FileSystem.remove("\(folder)/\(audio)")
      } else if let recordings {
        try FileSystem.createFolder("\(folder)/\(audio)")
        try FileSystem.rename(recordings.folder, to: "\(folder)/\(audio)/commands")
      }
      try OutputFile.write(lines: report, to: "\(folder)/\(Self.leftOutName)")
      if let trimming, !trimming.trimmed.isEmpty {
        try OutputFile.write(lines: trimming.report, to: "\(folder)/\(SilenceTrimming.reportName)")
      }
    }
    OpenShards.shared.forget(below: base)
    return clipping
  }

  /// The place where the output is written.
  private struct Place {
    /// The folder that holds the output until it is whole.
    let folder: String
    /// The path that the output will have in the end.
    let final: String
    let isRelative: Bool
  }

  /// Writes one data directory and the audio that it needs.
  private func write(
    _ part: Part, at place: Place, _ recordings: CommandRecordings?, _ shards: ShardWriter?,
    clipping: inout Clipping, finished: @escaping @Sendable () -> Void
  ) throws {
    let name = part.name.isEmpty ? "" : "/" + part.name
    let (folder, base) = (place.folder + name, place.final + name)
    let audio = PreparedAudio.folderName
    let joined = "/\(audio)/joined\(name)"
    let lists = place.isRelative ? base : nil
    var utterances = try PreparedAudio.write(
      part.utterances, below: place.folder + joined, named: (shards == nil ? place.final : place.folder) + joined,
      clipping: &clipping)
    if let shards {
      utterances = try shards.write(
        utterances, into: folder, named: base, relativeTo: lists, clipping: &clipping, finished: finished)
    } else if let recordings {
      utterances = recordings.moved(utterances, to: "\(place.final)/\(audio)/commands")
    }
    try DataDirectoryWriter(relativeTo: lists).write(utterances, into: folder)
    if utterances.contains(where: { !$0.pieces.isEmpty }) {
      try OutputFile.write(lines: PreparedAudio.report(utterances), to: "\(folder)/\(PreparedAudio.joinedName)")
    }
    if let trials = part.trials {
      try OutputFile.write(lines: trials.lines(part.corpus), to: "\(folder)/\(TrialList.name)")
    }
    try part.published?.write(into: folder)
    try part.kept?.write(into: folder)
  }

  /// Refuses to replace a folder that holds audio which the new lists name.
  private func checkOverwriting(_ base: String, named output: String) throws {
    let own = parts.lazy.flatMap(\.utterances).first {
      !$0.needsFile && $0.path.begins(with: base + "/")
        && URL(fileURLWithPath: $0.path).standardized.path.begins(with: base + "/")
    }
    guard let own else { return }
    throw Failure(
      .usage,
      "\(output): --overwrite would remove the audio that the new lists name, such as \(own.path): choose another --output"
    )
  }

  /// Remarks for a user who may have meant something else.
  package func notes(layout: CorpusLayout) -> [String] {
    var notes: [String] = []
    let training = parts[0].corpus
    if training.speakers.count == 1 {
      let hint = layout == .folders ? "; the folders right below SOURCE are taken for speakers" : ""
      notes.append("there is only one speaker, '\(training.speakers[0])'\(hint)")
    }
    let single = training.utterancesOfSpeaker.count { $0.count == 1 }
    if single > 0 {
      notes.append(
        "\(single.counted("speaker")) \(single.ifOne("has", "have")) only one utterance, which training with "
          + "batch.utterances: 2 refuses; --minimum-utterances 2 leaves them out")
    }
    notes += (parts.last?.kept?.notes ?? []) + [gendersRemark].compactMap(\.self)
    for part in parts {
      guard let trials = part.trials else { continue }
      let speakers = part.corpus.speakers.count
      let covered = Set(trials.trials.filter(\.isTarget).map { part.corpus.utterances[$0.enrolment].speaker }).count
      if covered < speakers {
        notes.append("\(speakers - covered) of \(speakers) speakers have no target trial")
      }
    }
    return notes
  }

  /// The lines of left-out.tsv: utterance, path and reason.
  private var report: [String] {
    [["utterance", "path", "reason"]].map { $0.joined(separator: "\t") }
      + leftOut.map { entry in
        [entry.utterance, entry.path, entry.reason].map(\.shown).joined(separator: "\t")
      }
  }
}
