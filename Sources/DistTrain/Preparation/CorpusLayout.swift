/// The layout of the recordings that svdist prepare reads.
package enum CorpusLayout: String, Sendable, CaseIterable {
  /// `speaker/**/file`, where the id of an utterance is its path from the speaker's folder on.
  case folders
  /// A Kaldi data directory of `wav.scp`, `utt2spk` and optionally `segments`.
  case kaldi
  /// `idXXXXX/video/00001.wav`, possibly below `wav/`, where the id of an utterance is the last three parts of its
  /// path.
  case voxceleb
  /// CN-Celeb 1 or 2 as unpacked, or a folder of both; see `CNCeleb`.
  case cnCeleb = "cn-celeb"
  /// A file of rows `path,speaker[,start,end][,id]` under a header; see `CSVRecordings`.
  case csv
  /// A raw list of wespeaker's, a file of lines `{"key": …, "wav": …, "spk": …}`; see `WespeakerList`.
  case wespeaker
  /// A list of tar archives as wespeaker has it; see `ShardList`.
  case shards

  /// Whether the source is a file rather than a folder.
  var isFile: Bool { [.csv, .wespeaker, .shards].contains(self) }
}
