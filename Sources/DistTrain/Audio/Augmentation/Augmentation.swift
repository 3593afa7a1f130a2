/// The distortions of the rows of augmented views: noise, music, babble or a room, as wespeaker
/// (`dataset/processor.py`) and Kaldi (`egs/voxceleb/v2`) lay them over speech; changes of speed, codec and volume; and
/// masks on the features.
package struct Augmentation: Sendable {
  /// The interference that is laid over one crop.
  package enum Interference: Sendable, Equatable {
    case none
    /// A noise recording `snr` dB below the speech. The stretch of it begins at `offset`, a fraction in 0 ..< 1.
    case noise(file: Int, snr: Double, offset: Double)
    /// A music recording, with `snr` and `offset` as for noise.
    case music(file: Int, snr: Double, offset: Double)
    /// Voices of equal power, whose sum is `snr` dB below the speech.
    case babble(voices: [BabbleVoice], snr: Double)
    /// The impulse response of a room, with which the speech is convolved.
    case room(file: Int)
  }

  /// The bounds of the speech-to-noise ratios in dB, which are drawn uniformly.
  package struct Ratios: Sendable {
    package var noise = 0.0...15.0
    package var music = 5.0...15.0
    package var babble = 13.0...20.0

    package init() {}
  }

  /// The recordings that are drawn.
  package internal(set) var lists: RecordingLists
  private let babble: Babble
  let sampleRate: Int
  let responses: RoomCache
  private let probability: Double
  private let snr: Ratios

  /// The speeds, each equally likely, at which a row is played.
  package var speeds = [1.0]
  package var codecs: CodecChoice?
  package var volume: VolumeRange?
  package var masking: SpectralMasking?

  /// Finds the recordings.
  /// - Parameters:
  ///   - musan: a folder that holds the folders noise, music and speech, or some of them; each may be given separately
  ///     instead.
  ///   - noise: a folder of noise recordings at any depth, or nil for none.
  ///   - music: a folder of music recordings at any depth, or nil for none.
  ///   - speech: a folder of recordings at any depth for the voices of babble, or nil for none.
  ///   - rooms: a folder of impulse responses at any depth, or nil for none.
  ///   - probability: the probability that a crop has any interference; each kind is then equally likely.
  ///   - snr: the bounds of the speech-to-noise ratios.
  ///   - voices: the bounds of the number of voices of babble.
  ///   - corpus: the source of babble's voices where there is no folder of them; with neither there is no babble.
  ///   - sampleRate: the sampling rate of the crops in Hz.
  /// - Throws: `Failure(.usage)` that names the setting whose folder is missing or holds no audio.
  package init(
    musan: String? = nil, noise: String? = nil, music: String? = nil, speech: String? = nil, rooms: String? = nil,
    probability: Double = 0.6, snr: Ratios = Ratios(), voices: ClosedRange<Int> = 3...8, corpus: CorpusVoices? = nil,
    sampleRate: Int = 16_000
  ) throws {
    precondition((0...1).contains(probability), "a probability of \(probability)")
    let folders: [RecordingKind: String?] = [.noise: noise, .music: music, .speech: speech, .rooms: rooms]
    lists = try RecordingLists(folders.compactMapValues { $0 }, musan: musan)
    babble = Babble(voices: voices, corpus: corpus)
    self.probability = probability
    self.snr = snr
    self.sampleRate = sampleRate
    responses = RoomCache(sampleRate: sampleRate)
  }

  /// The paths of the noise recordings, sorted.
  package var noises: [String] { lists[.noise] }
  /// The paths of the music recordings, sorted.
  package var music: [String] { lists[.music] }
  /// The paths of the impulse responses, sorted.
  package var rooms: [String] { lists[.rooms] }
  /// Whether there are voices for babble.
  var babbles: Bool { babble.isPossible(lists[.speech]) }

  /// Draws the distortion of a row, each kind of it from a stream of its own, so that adding a kind does not change the
  /// others.
  /// - Parameters:
  ///   - speaker: the speaker of the row, whose voice is kept out of the babble.
  ///   - bins: the number of bins of the row's features.
  ///   - frames: the number of frames of the row's features.
  ///   - stream: gives the stream for each purpose.
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

  /// Draws the interference of a crop: one of the kinds for which there are recordings, each equally likely, and then a
  /// recording of it.
  package func draw(_ stream: inout RandomStream, speaker: Int = 0) -> Interference {
    let kinds = [!noises.isEmpty, !music.isEmpty, babbles, !rooms.isEmpty].enumerated().filter(\.element)
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
      return .babble(voices: babble.draw(&stream, speaker: speaker, recordings: lists[.speech]), snr: ratio)
    default: return .room(file: stream.below(rooms.count))
    }
  }
}
