/// How the recordings that svdist prepare reads are laid out.
package enum CorpusLayout: String, Sendable, CaseIterable {
  /// `speaker/**/file`: the id of an utterance is its path from the speaker's folder on.
  case folders
  /// `wav.scp`, `utt2spk` and perhaps `segments`.
  case kaldi
  /// `idXXXXX/video/00001.wav`, perhaps below `wav/`: the id of an utterance is the last three parts of its path.
  case voxceleb
  /// CN-Celeb 1 or 2 as unpacked, or a folder of both: see `CNCeleb`.
  case cnCeleb = "cn-celeb"
  /// A file of rows `path,speaker[,start,end][,id]` under a header: see `CSVRecordings`.
  case csv
  /// wespeaker's raw list, a file of lines `{"key": …, "wav": …, "spk": …}`: see `WespeakerList`.
  case wespeaker
  /// wespeaker's list of tar archives: see `ShardList`.
  case shards

  /// Whether the source is a file, not a folder.
  var isFile: Bool { [.csv, .wespeaker, .shards].contains(self) }
}
