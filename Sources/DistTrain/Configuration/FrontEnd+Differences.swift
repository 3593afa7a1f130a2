extension FrontEnd {
  /// The settings by which this front end differs from another one, such as `features.window hamming, there povey`, in
  /// the order of their keys. Those that only one of two kinds has differ with the kind.
  package func differences(from theirs: FrontEnd) -> [String] {
    let (own, others) = (described, theirs.described)
    return others.sorted { $0.key < $1.key }.compactMap { key, value in
      own[key].flatMap { $0 == value ? nil : "\(key) \($0), there \(value)" }
    }
  }

  /// The settings by which a file of parameters describes the front end.
  private var described: [String: String] {
    var configuration = Configuration()
    configuration.features = self
    return configuration.encoderMetadata.filter { $0.key.begins(with: "features.") }
  }
}
