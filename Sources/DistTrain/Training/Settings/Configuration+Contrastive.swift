extension Configuration {
  /// The supervised contrastive loss with a margin and class-aware attention (Li, Mak and Meng, ICASSP 2023).
  package struct Contrastive: Codable, Sendable, Equatable {
    package var temperature = 0.07
    package var margin = Margin()
    package var attention = Attention()

    package init() {}

    static let settings =
      [
        Setting("contrastive.temperature", \.contrastive.temperature, "divides the cosines", allowed: .above(0))
      ] + Margin.settings + Attention.settings
  }
}
