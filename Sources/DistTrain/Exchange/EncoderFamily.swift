/// A kind of encoder of another toolkit that is one of svdist's. Its parameters have the same names here as there; its
/// sizes are found from their shapes.
struct EncoderFamily: Sendable {
  /// How messages call it.
  let words: String
  /// A parameter that this kind alone has.
  let mark: String
  /// The weights of the convolution that reads the features.
  let entry: String
  /// The normalisations that exporters fold into convolutions.
  var foldings: [Folding] = []
  /// What the tensors say of the settings of an encoder. It throws `TensorShapes.Missing` where one is not there.
  let settings: @Sendable (TensorShapes) throws -> Settings

  /// The settings of an encoder, by their names in `encoder`, and the number of its bins.
  struct Settings: Sendable {
    let type: String
    let own: [String: String]
    let bins: Int
    let embedding: Int
    /// The statistics over time, as `encoder.pooling` calls them.
    let pooling: String
    /// A setting that no shape tells; each of its values is tried.
    var open: String?
  }

  /// All kinds; the mark of one may be found in a later one's tensors, too.
  static let known = [
    wespeakerECAPA, speechbrainECAPA, xVector, campplus, simamResNet, resNet, reDimNet2, reDimNet,
  ]

  /// The kind of an encoder, and what the names of all its parameters begin with; nil where it is none of those known.
  /// Wrappers put words before a name: `resnet.`, `module.`, `model.encoder.` …
  static func find(among names: some Sequence<String>) -> (family: EncoderFamily, prefix: String)? {
    let names = Array(names)
    for family in known {
      let marked = names.filter { $0 == family.mark || $0.ends(with: "." + family.mark) }
      if let name = marked.min(by: { $0.utf8.count < $1.utf8.count }) {
        return (family, String(Substring(name.utf8.dropLast(family.mark.utf8.count))))
      }
    }
    return nil
  }

  /// The arguments that set an encoder, one list for each that the tensors may be of.
  /// - Parameter bins: the number of bins that the toolkit's configuration names; nil without one.
  /// - Throws: `TensorShapes.Missing`.
  func candidates(_ shapes: TensorShapes, bins: Int?) throws -> [[String]] {
    let settings = try settings(shapes)
    let own = settings.own.sorted { $0.key < $1.key }.map { "encoder.\($0.key)=\($0.value)" }
    let all =
      ["encoder.type=\(settings.type)", "encoder.embedding=\(settings.embedding)"] + own
      + ["features.bins=\(bins ?? settings.bins)"]
    guard let open = settings.open else { return [all] }
    return Self.values(of: open, type: settings.type).map { all + ["encoder.\(open)=\($0)"] }
  }

  /// The values that a setting of a type of encoder may have.
  private static func values(of name: String, type: String) -> [String] {
    let architecture = EncoderArchitecture.known.first { $0.name == type }
    switch architecture?.settings.first(where: { $0.name == name })?.allowed {
    case .someNumbers(let numbers): return numbers.map { "\($0)" }
    case .choices(let names): return names
    default: return []
    }
  }
}
