/// Joins short utterances of one speaker into longer ones, as recipes for CN-Celeb do (Kaldi,
/// `combine_short_segments.sh`).
enum UtteranceJoining {
  /// Joins the utterances that are shorter than `limit`: for each speaker, in the byte order of ids, as many as reach
  /// the limit; what is left at the end is added to the last join. Joined utterances name their pieces. The only short
  /// utterance of a speaker stays as it is.
  ///
  /// - Precondition: all lengths are known, and the utterances are in the byte order of their ids.
  /// - Throws: `Failure(.badData)` where the name of a joined utterance is taken.
  static func join(_ utterances: [ListedUtterance], shorterThan limit: Double) throws -> [ListedUtterance] {
    var joined = utterances.filter { $0.seconds! >= limit }
    let short = Dictionary(grouping: utterances.filter { $0.seconds! < limit }) { Name($0.speaker) }
    for speaker in ByteOrder.sorted(Array(short.keys), by: \.text) {
      joined += groups(short[speaker]!, limit: limit).map(utterance)
    }
    joined = ByteOrder.sorted(joined) { $0.id }
    for (first, second) in zip(joined, joined.dropFirst()) where ByteOrder.equal(first.id, second.id) {
      throw Failure(.badData, "\(first.path): the utterance id '\(first.id)' is needed for a joined one: rename it")
    }
    return joined
  }

  private static func groups(_ pieces: [ListedUtterance], limit: Double) -> [[ListedUtterance]] {
    var groups: [[ListedUtterance]] = []
    var open: [ListedUtterance] = []
    for piece in pieces {
      open.append(piece)
      if ListedUtterance.seconds(of: open) >= limit {
        groups.append(open)
        open = []
      }
    }
    guard !open.isEmpty else { return groups }
    if groups.isEmpty { return [open] }
    groups[groups.count - 1] += open
    return groups
  }

  private static func utterance(_ pieces: [ListedUtterance]) -> ListedUtterance {
    guard pieces.count > 1 else { return pieces[0] }
    var joined = ListedUtterance(
      id: "\(pieces[0].id)+\(pieces.count - 1)", speaker: pieces[0].speaker, path: pieces[0].path,
      seconds: ListedUtterance.seconds(of: pieces))
    joined.pieces = pieces.flatMap { $0.pieces.isEmpty ? [$0] : $0.pieces }
    return joined
  }
}
