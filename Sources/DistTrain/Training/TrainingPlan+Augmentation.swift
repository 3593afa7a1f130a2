extension Augmentation {
  /// - Parameter corpus: whose other speakers babble, where so set.
  package init(_ settings: Configuration.Augmentation, corpus: Corpus) throws {
    var snr = Ratios()
    snr.noise = settings.snr.noise
    snr.music = settings.snr.music
    snr.babble = settings.snr.babble
    let voices = settings.babble.voices
    try self.init(
      musan: settings.musan, noise: settings.noise, music: settings.music, speech: settings.speech,
      rooms: settings.rooms, probability: settings.probability, snr: snr,
      voices: Int(voices.lowerBound)...Int(voices.upperBound),
      corpus: settings.babble.corpus ? CorpusVoices(corpus, speed: settings.speed) : nil)
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
  /// The utterances as recorded; with `speed.asSpeakers` a batch's speakers are those at all speeds.
  fileprivate init(_ corpus: Corpus, speed: Configuration.Augmentation.Speed) {
    let people = speed.asSpeakers ? corpus.people(atSpeeds: speed.factors) : Array(corpus.speakers.indices)
    self.init(
      people: corpus.speakers.count, person: { people[$0] }, utterances: { Array(corpus.utterancesOfSpeaker[$0]) },
      voice: { utterance, offset in
        let utterance = corpus.utterances[utterance]
        return BabbleVoice(
          path: utterance.path, start: utterance.start, seconds: utterance.seconds, offset: offset, isDispensable: true)
      })
  }
}
