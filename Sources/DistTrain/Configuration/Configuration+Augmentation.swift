extension Configuration {
  /// The changes to the rows of augmented views. All are off by default.
  package struct Augmentation: Codable, Sendable, Equatable {
    package var musan: String?
    package var noise: String?
    package var music: String?
    package var speech: String?
    package var rooms: String?
    package var probability = 0.6
    package var snr = SNR()
    package var babble = Babble()
    package var speed = Speed()
    package var volume = Volume()
    package var codec = Codec()
    package var specAugment = SpecAugment()

    package init() {}

    static let settings =
      [
        Setting("augmentation.musan", \.augmentation.musan, "folder that holds noise, music, speech; null = none"),
        Setting("augmentation.noise", \.augmentation.noise, "folder of noise recordings; null = musan's, or none"),
        Setting("augmentation.music", \.augmentation.music, "folder of music; null = musan's, or none"),
        Setting("augmentation.speech", \.augmentation.speech, "folder of voices for babble; null = musan's, or none"),
        Setting("augmentation.rooms", \.augmentation.rooms, "folder of room impulse responses; null = no rooms"),
        Setting(
          "augmentation.probability", \.augmentation.probability,
          "how often one of noise, music, babble or a room is drawn", allowed: .from(0, to: 1)),
      ] + SNR.settings + Babble.settings + Speed.settings + Volume.settings + Codec.settings + SpecAugment.settings

    /// Whether any row is changed.
    var isOn: Bool {
      [musan, noise, music, speech, rooms].contains { $0 != nil } || babble.corpus || speed.isDrawn
        || volume.probability > 0 || codec.probability > 0 || specAugment.probability > 0
    }
  }
}

extension Configuration.Augmentation {
  /// The ratios of speech to interference, in dB.
  package struct SNR: Codable, Sendable, Equatable {
    package var noise = 0.0...15.0
    package var music = 5.0...15.0
    package var babble = 13.0...20.0

    package init() {}

    private static let allowed = Allowed<ClosedRange<Double>>(text: "within -20 to 60") {
      $0.lowerBound >= -20 && $0.upperBound <= 60
    }

    static let settings = [
      Setting("augmentation.snr.noise", \.augmentation.snr.noise, "dB, drawn evenly from this range", allowed: allowed),
      Setting("augmentation.snr.music", \.augmentation.snr.music, "dB, drawn evenly from this range", allowed: allowed),
      Setting(
        "augmentation.snr.babble", \.augmentation.snr.babble, "dB, drawn evenly from this range", allowed: allowed),
    ]
  }
}

extension Configuration.Augmentation {
  /// The voices behind the speech.
  package struct Babble: Codable, Sendable, Equatable {
    package var corpus = false
    package var voices = 3.0...8.0

    package init() {}

    static let settings = [
      Setting(
        "augmentation.babble.corpus", \.augmentation.babble.corpus,
        "babble of other training speakers if there is no folder of voices"),
      Setting(
        "augmentation.babble.voices", \.augmentation.babble.voices, "number of voices, drawn evenly from this range",
        allowed: Allowed(text: "whole numbers within 1 to 20") {
          $0.lowerBound >= 1 && $0.upperBound <= 20 && Int(exactly: $0.lowerBound) != nil
            && Int(exactly: $0.upperBound) != nil
        }),
    ]
  }
}

extension Configuration.Augmentation {
  /// Speed perturbation, which changes the pitch with the speed.
  package struct Speed: Codable, Sendable, Equatable {
    package var factors = [1.0]
    package var asSpeakers = false

    package init() {}

    static let settings = [
      Setting(
        "augmentation.speed.factors", \.augmentation.speed.factors, "speeds, such as [0.9, 1, 1.1]",
        allowed: Allowed(text: "1 to 20 different numbers from 0.5 to 2") { factors in
          (1...20).contains(factors.count) && Set(factors).count == factors.count
            && factors.allSatisfy { (0.5...2).contains($0) }
        }),
      Setting(
        "augmentation.speed.asSpeakers", \.augmentation.speed.asSpeakers,
        "a voice at each speed is a speaker of its own, in all views"),
    ]

    /// Whether a speed is drawn for each row, which it is not where each speed makes a speaker of its own.
    var isDrawn: Bool { factors != [1] && !asSpeakers }
  }
}

extension Configuration.Augmentation {
  /// The lossy codecs that crops are sent through.
  package struct Codec: Codable, Sendable, Equatable {
    package typealias Kind = DistTrain.Codec

    package var probability = 0.0
    package var kinds = Kind.allCases

    package init() {}

    static let settings = [
      Setting(
        "augmentation.codec.probability", \.augmentation.codec.probability, "how often a crop goes through a codec",
        allowed: .from(0, to: 1)),
      Setting(
        "augmentation.codec.kinds", \.augmentation.codec.kinds,
        "drawn evenly from mu-law, gsm (both at 8 kHz), opus, vorbis",
        allowed: Allowed(text: "at least one") { !$0.isEmpty }),
    ]
  }
}

extension Codec: Choice {}

extension Configuration.Augmentation {
  /// The changes of volume.
  package struct Volume: Codable, Sendable, Equatable {
    package var probability = 0.0
    package var gain = -10.0...6.0

    package init() {}

    static let settings = [
      Setting(
        "augmentation.volume.probability", \.augmentation.volume.probability, "how often the volume is changed",
        allowed: .from(0, to: 1)),
      Setting(
        "augmentation.volume.gain", \.augmentation.volume.gain, "dB, drawn evenly from this range; clips at full scale",
        allowed: Allowed(text: "within -60 to 40") { $0.lowerBound >= -60 && $0.upperBound <= 40 }),
    ]
  }
}

extension Configuration.Augmentation {
  /// The masks on the features.
  package struct SpecAugment: Codable, Sendable, Equatable {
    package var probability = 0.0
    package var timeMasks = 1
    package var timeWidth = 10
    package var frequencyMasks = 1
    package var frequencyWidth = 8

    package init() {}

    static let settings = [
      Setting(
        "augmentation.specAugment.probability", \.augmentation.specAugment.probability,
        "how often features are masked", allowed: .from(0, to: 1)),
      Setting(
        "augmentation.specAugment.timeMasks", \.augmentation.specAugment.timeMasks, "masks in time",
        allowed: .from(0, to: 100)),
      Setting(
        "augmentation.specAugment.timeWidth", \.augmentation.specAugment.timeWidth, "most frames of one mask",
        allowed: .from(0, to: 10_000)),
      Setting(
        "augmentation.specAugment.frequencyMasks", \.augmentation.specAugment.frequencyMasks, "masks in frequency",
        allowed: .from(0, to: 100)),
      Setting(
        "augmentation.specAugment.frequencyWidth", \.augmentation.specAugment.frequencyWidth, "most bins of one mask",
        allowed: .from(0, to: 10_000)),
    ]
  }
}
