/// The suffixes of audio files, in lower case.
package enum AudioSuffix {
  /// Those of formats that libsndfile reads; where two copies of a recording lie side by side, the earlier is taken.
  package static let readable = [
    "wav", "flac", "sph", "aiff", "aif", "aifc", "w64", "rf64", "caf", "au", "snd", "voc", "wave", "nist", "ogg", "oga",
    "opus", "mp3", "mp2",
  ]
  /// Those of formats that it does not read.
  package static let foreign: Set<String> = [
    "m4a", "m4b", "aac", "mp4", "wma", "amr", "awb", "webm", "mka", "mkv", "mov", "avi", "3gp", "spx", "ape", "wv",
    "tta",
    "ac3", "dsf", "dff", "alac", "ra", "g722", "gsm", "shn", "mpc", "weba",
  ]

  /// Those of rare formats that libsndfile reads, which files that are no recordings have as well (features, matrices):
  /// only their contents tell. Where such a recording is cut short, most of these formats don't.
  package static let rare: Set<String> = [
    "sf", "ircam", "paf", "fap", "avr", "mat", "mat4", "mat5", "pvf", "xi", "htk", "sds", "wve", "iff", "svx", "8svx",
    "16sv", "mpc",
  ]

  /// The place of a suffix in `readable`, or nil where libsndfile does not read such files.
  package static func rank(_ suffix: String) -> Int? { readable.firstIndex(of: suffix) }

  /// A path without its suffix where that is one of an audio file's; otherwise the whole path.
  package static func stem(of path: String) -> String {
    let suffix = FileSystem.suffix(of: path)
    return rank(suffix) != nil || foreign.contains(suffix) ? FileSystem.stem(of: path) : path
  }

  /// The reason why a file with such a suffix is left out, with the remedy.
  package static func refusal(_ suffix: String) -> String {
    "is .\(suffix), which libsndfile does not read: \(conversion(suffix))"
  }

  /// The reason why a recording with a rare suffix is left out of a folder, with the remedy.
  package static func rarity(_ suffix: String) -> String {
    "is .\(suffix), which svdist takes from lists alone: name it in a CSV file or wav.scp, or convert it to WAV"
  }

  /// The remedy for audio files that libsndfile does not read, for a message.
  package static func conversion(_ suffix: String) -> String {
    "convert them to WAV, for example with ffmpeg -i FILE.\(suffix) -ar 16000 -ac 1 FILE.wav"
  }
}
