/// How the recordings that svdist prepare reads are laid out.
package enum CorpusLayout: String, Sendable, CaseIterable {
  /// `speaker/**/file`: the id of an utterance is its path from the speaker's folder on.
  case folders
  /// `wav.scp`, `utt2spk` and perhaps `segments`.
  case kaldi
  /// `idXXXXX/video/00001.wav`, perhaps below `wav/`: the id of an utterance is the last three parts of its path.
  case voxceleb
}
