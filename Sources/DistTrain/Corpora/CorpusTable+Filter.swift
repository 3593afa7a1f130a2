extension CorpusTable {
  /// The table of some of the utterances, with the speakers of these and no others.
  func filtered(_ isKept: (_ utterance: Int) -> Bool) -> CorpusTable {
    let kept = (0..<sizes.utterances).filter(isKept)
    var isSpeaking = [Bool](repeating: false, count: sizes.speakers)
    for utterance in kept { isSpeaking[Int(speakers[utterance])] = true }
    let speaking = isSpeaking.indices.filter { isSpeaking[$0] }
    var numbers = [Int32](repeating: 0, count: sizes.speakers)
    for (number, speaker) in speaking.enumerated() { numbers[speaker] = Int32(number) }
    let builder = CorpusTableBuilder(
      Sizes(
        utterances: kept.count, files: kept.count, speakers: speaking.count,
        idBytes: kept.reduce(0) { $0 + ids[$1].bytes.count },
        pathBytes: kept.reduce(0) { $0 + paths[Int(files[$1])].bytes.count },
        nameBytes: speaking.reduce(0) { $0 + names[$1].bytes.count }))
    for speaker in speaking { builder.add(speaker: names[speaker]) }
    for utterance in kept { builder.add(path: paths[Int(files[utterance])]) }
    for (place, utterance) in kept.enumerated() {
      builder.add(
        utterance: ids[utterance], speaker: numbers[Int(speakers[utterance])], file: Int32(place),
        start: starts[utterance], seconds: seconds[utterance], channel: channel(utterance))
    }
    return builder.table()
  }

  /// The table without the speakers of whom no utterance has a length.
  func ofMeasuredSpeakers() -> CorpusTable {
    var isMeasured = [Bool](repeating: false, count: sizes.speakers)
    for utterance in 0..<sizes.utterances where seconds[utterance] > 0 { isMeasured[Int(speakers[utterance])] = true }
    return isMeasured.contains(false) ? filtered { isMeasured[Int(speakers[$0])] } : self
  }
}
