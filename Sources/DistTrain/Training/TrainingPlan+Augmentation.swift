extension Augmentation {
  /// The augmentation that settings describe.
  /// - Parameter corpus: the corpus whose other speakers babble where the settings say so; nil checks the folders
  ///   alone.
  /// - Throws: `Failure(.usage)` that names the setting that cannot be followed.
  package init(_ settings: Configuration.Augmentation, corpus: Corpus?) throws {
    var snr = Ratios()
    snr.noise = settings.snr.noise
    snr.music = settings.snr.music
    snr.babble = settings.snr.babble
    let voices = settings.babble.voices
    try self.init(
      musan: settings.musan, noise: settings.noise, music: settings.music, speech: settings.speech,
      rooms: settings.rooms, probability: settings.probability, snr: snr,
      voices: Int(voices.lowerBound)...Int(voices.upperBound),
      corpus: settings.babble.corpus ? corpus.flatMap { CorpusVoices($0, speed: settings.speed) } : nil)
    if settings.babble.corpus, !babbles, let speaker = corpus?.speakers.first {
      throw Failure(
        .usage,
        "augmentation.babble.corpus: babble is of other speakers, and the corpus has one, '\(speaker)': set it to false, or "
          + "augmentation.speech to a folder of voices")
    }
    if settings.speed.isDrawn { speeds = settings.speed.factors }
    if settings.codec.probability > 0 {
      codecs = try CodecChoice(probability: settings.codec.probability, codecs: settings.codec.kinds)
    }
    if settings.volume.probability > 0 {
      volume = VolumeRange(probability: settings.volume.probability, decibels: settings.volume.gain)
    }
    let masks = settings.specAugment
    if masks.probability > 0 {
      masking = SpectralMasking(
        probability: masks.probability, timeMasks: masks.timeMasks, timeWidth: masks.timeWidth,
        frequencyMasks: masks.frequencyMasks, frequencyWidth: masks.frequencyWidth)
    }
  }
}

extension CorpusVoices {
  /// The voices of the utterances as recorded. With `speed.asSpeakers`, the speakers of a batch are those at all
  /// speeds. It is nil where the corpus has only one speaker.
  fileprivate init?(_ corpus: Corpus, speed: Configuration.Augmentation.Speed) {
    guard corpus.speakers.count > 1 else { return nil }
    let people = speed.asSpeakers ? corpus.people(atSpeeds: speed.factors) : Array(corpus.speakers.indices)
    self.init(
      people: corpus.speakers.count, person: { people[$0] }, utterances: { Array(corpus.utterancesOfSpeaker[$0]) },
      voice: { utterance, offset in
        let utterance = corpus.utterances[utterance]
        return BabbleVoice(
          path: utterance.path, start: utterance.start, seconds: utterance.seconds, channel: utterance.channel,
          offset: offset)
      })
  }
}
