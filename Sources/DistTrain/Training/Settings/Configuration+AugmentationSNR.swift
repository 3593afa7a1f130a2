extension Configuration.Augmentation {
  /// Speech over what is laid over it.
  package struct SNR: Codable, Sendable, Equatable {
    package var noise = 0.0...15.0
    package var music = 5.0...15.0
    package var babble = 13.0...20.0

    package init() {}

    private static let allowed = Allowed<ClosedRange<Double>>(text: "within -20 to 60") {
      $0.lowerBound >= -20 && $0.upperBound <= 60
    }

    static let settings = [
      Setting("augmentation.snr.noise", \.augmentation.snr.noise, "dB, drawn evenly between", allowed: allowed),
      Setting("augmentation.snr.music", \.augmentation.snr.music, "dB, drawn evenly between", allowed: allowed),
      Setting("augmentation.snr.babble", \.augmentation.snr.babble, "dB, drawn evenly between", allowed: allowed),
    ]
  }
}
