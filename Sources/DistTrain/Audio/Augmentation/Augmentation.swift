/// What happens to the rows of augmented views: noise, music, babble or a room, as wespeaker (`dataset/processor.py`) and
/// Kaldi (`egs/voxceleb/v2`) lay them over speech; other speeds, codecs, volumes; masks on the features.
package struct Augmentation: Sendable {
  /// What is laid over one crop.
  package enum Interference: Sendable, Equatable {
    case none
    /// A noise recording, `snr` dB below the speech. `offset` in 0 ..< 1 says where in it the stretch begins.
    case noise(file: Int, snr: Double, offset: Double)
    case music(file: Int, snr: Double, offset: Double)
    /// Voices of equal power, their sum `snr` dB below the speech.
    case babble(voices: [BabbleVoice], snr: Double)
    case room(file: Int)
  }

  /// Bounds of speech-to-noise ratios in dB, which are drawn evenly.
  package struct Ratios: Sendable {
    package var noise = 0.0...15.0
    package var music = 5.0...15.0
    package var babble = 13.0...20.0

    package init() {}
  }

  /// Paths of the recordings in each folder, sorted.
  package let noises: [String]
  package let music: [String]
  package let rooms: [String]
  let babble: Babble?
  let sampleRate: Int
  let responses: RoomCache
  private let probability: Double
  private let snr: Ratios

  /// Speeds that a row is played at, evenly.
  package var speeds = [1.0]
  package var codecs: CodecChoice?
  package var volume: VolumeRange?
  package var masking: SpectralMasking?

  /// - Parameters:
  ///   - musan: a folder that holds noise, music, speech, or some of them; each may be given apart instead.
  ///   - noise, music: folders of recordings, any depth; nil for none.
  ///   - speech: the same for the voices of babble.
  ///   - rooms: a folder of impulse responses, any depth; nil for none.
  ///   - probability: of a crop being laid over with one of them at all, each kind being as likely.
  ///   - voices: how many voices babble has.
  ///   - corpus: where babble's voices come from without a folder; nil: no babble then.
  /// - Throws: `Failure(.usage)` that names the setting whose folder is missing or holds no audio.
  package init(
    musan: String? = nil, noise: String? = nil, music: String? = nil, speech: String? = nil, rooms: String? = nil,
    probability: Double = 0.6, snr: Ratios = Ratios(), voices: ClosedRange<Int> = 3...8, corpus: CorpusVoices? = nil,
    sampleRate: Int = 16_000
  ) throws {
    precondition((0...1).contains(probability), "a probability of \(probability)")
    let below = try RecordingFolder.musan(musan)
    noises = try RecordingFolder.recordings(in: noise ?? below["noise"], setting: "augmentation.noise")
    self.music = try RecordingFolder.recordings(in: music ?? below["music"], setting: "augmentation.music")
    self.rooms = try RecordingFolder.recordings(in: rooms, setting: "augmentation.rooms")
    let speech = try RecordingFolder.recordings(in: speech ?? below["speech"], setting: "augmentation.speech")
    babble = Babble(voices: voices, recordings: speech, corpus: corpus)
    self.probability = probability
    self.snr = snr
    self.sampleRate = sampleRate
    responses = RoomCache(sampleRate: sampleRate)
  }

  /// All that happens to a row, each kind from a stream of its own, so that one more leaves the others as they are.
  /// - Parameters:
  ///   - speaker: whose voice is none of the babble's.
  ///   - bins, frames: of the row's features.
  package func draw(
    speaker: Int, bins: Int, frames: Int, _ stream: (RandomPurpose) -> RandomStream
  ) -> Distortion {
    var distortion = Distortion()
    var draws = stream(.speed)
    distortion.speed = speeds[draws.below(speeds.count)]
    draws = stream(.augmentation)
    distortion.interference = draw(&draws, speaker: speaker)
    draws = stream(.codec)
    distortion.codec = codecs?.draw(&draws)
    draws = stream(.volume)
    distortion.gain = volume?.draw(&draws) ?? 0
    draws = stream(.masking)
    distortion.masks = masking?.draw(bins: bins, frames: frames, &draws) ?? []
    return distortion
  }

  /// One of the kinds that are there, evenly, then which.
  package func draw(_ stream: inout RandomStream, speaker: Int = 0) -> Interference {
    let kinds = [!noises.isEmpty, !music.isEmpty, babble != nil, !rooms.isEmpty].enumerated().filter(\.element)
    guard !kinds.isEmpty, stream.uniform() < probability else { return .none }
    switch kinds[stream.below(kinds.count)].offset {
    case 0:
      return .noise(
        file: stream.below(noises.count), snr: stream.uniform(snr.noise.lowerBound, snr.noise.upperBound),
        offset: stream.uniform())
    case 1:
      return .music(
        file: stream.below(music.count), snr: stream.uniform(snr.music.lowerBound, snr.music.upperBound),
        offset: stream.uniform())
    case 2:
      let ratio = stream.uniform(snr.babble.lowerBound, snr.babble.upperBound)
      return .babble(voices: babble?.draw(&stream, speaker: speaker) ?? [], snr: ratio)
    default: return .room(file: stream.below(rooms.count))
    }
  }
}
