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

  /// The layout in a line of help.
  package var summary: String {
    switch self {
    case .folders: "a folder tree speaker/…/file"
    case .kaldi: "a Kaldi data directory: wav.scp, utt2spk, perhaps segments"
    case .voxceleb: "VoxCeleb: idXXXXX/video/00001.wav, perhaps below wav/"
    case .cnCeleb: "CN-Celeb as unpacked: CN-Celeb_flac, CN-Celeb2_flac or a folder of both"
    case .csv: "a CSV file: path,speaker and perhaps start,end,id, named in its first line"
    case .wespeaker: #"wespeaker's raw list: {"key": …, "wav": …, "spk": …} on each line, perhaps with "vad""#
    case .shards: "wespeaker's list of shards: a tar archive on each line, of key.wav and key.spk"
    }
  }

  /// Whether the source is a file rather than a folder.
  var isFile: Bool { [.csv, .wespeaker, .shards].contains(self) }
}
