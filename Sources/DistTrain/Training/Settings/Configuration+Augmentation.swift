extension Configuration {
  /// What happens to the rows of augmented views. Everything is off by default.
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
        Setting("augmentation.speech", \.augmentation.speech, "folder of babble's voices; null = musan's, or none"),
        Setting("augmentation.rooms", \.augmentation.rooms, "folder of room impulse responses; null = no rooms"),
        Setting(
          "augmentation.probability", \.augmentation.probability,
          "how often one of noise, music, babble, room is drawn", allowed: .from(0, to: 1)),
      ] + SNR.settings + Babble.settings + Speed.settings + Volume.settings + Codec.settings + SpecAugment.settings

    /// Whether rows are changed at all.
    var isOn: Bool {
      [musan, noise, music, speech, rooms].contains { $0 != nil } || babble.corpus || speed.isDrawn
        || volume.probability > 0 || codec.probability > 0 || specAugment.probability > 0
    }
  }
}
