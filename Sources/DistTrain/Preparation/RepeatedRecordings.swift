/// Utterances that lists name twice: the same stretch of one recording, or of files that differ in the suffix alone. Of a
/// folder tree one of such files is taken (`RecordingCopies`); what a list names is its writer's choice, and is told.
enum RepeatedRecordings {
  /// A line that counts the utterances and names the first two; nil where there are none.
  static func note(_ utterances: [ListedUtterance]) -> String? {
    var first: [Name: Int] = [:]
    var (count, example): (Int, (Int, Int)?) = (0, nil)
    for (index, utterance) in utterances.enumerated() where utterance.pieces.isEmpty {
      let path = utterance.path
      let stem = AudioSuffix.rank(FileSystem.suffix(of: path)) == nil ? path : AudioSuffix.stem(of: path)
      let key = Name("\(utterance.start) \(utterance.seconds ?? 0) \(utterance.channel ?? -1) \(stem)")
      guard let other = first[key] else {
        first[key] = index
        continue
      }
      count += 1
      example = example ?? (other, index)
    }
    return example.map { one, two in
      "\(count.counted("utterance")) \(count.ifOne("is", "are")) of the same stretch of the same recording as "
        + "another, or of a file that differs in the suffix alone (the first: \(utterances[one].id) and "
        + "\(utterances[two].id)): leave one of each in the lists"
    }
  }
}
