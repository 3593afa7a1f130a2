/// Which batch normalisation an exporter folds into a convolution: the one that reads nothing but what the convolution
/// computes, and alone does so.
struct Folding: Sendable {
  /// The last words of the convolution's name.
  let convolution: String
  /// What stands for them in the normalisation's.
  let normalization: String
  /// What the normalisation adds to variances.
  let epsilon: Double
  /// Whether the encoder's convolution has a bias, which the shift becomes.
  let keepsBias: Bool

  init(_ convolution: String, _ normalization: String, epsilon: Double = 1e-5, keepsBias: Bool = false) {
    (self.convolution, self.normalization) = (convolution, normalization)
    (self.epsilon, self.keepsBias) = (epsilon, keepsBias)
  }

  /// - Parameter name: a convolution's name within the encoder.
  func isOf(_ name: String) -> Bool { name == convolution || name.ends(with: ".\(convolution)") }

  /// The normalisation behind a convolution that this is of.
  func normalization(of name: String) -> String {
    String(Substring(name.utf8.dropLast(convolution.utf8.count))) + normalization
  }

  /// Those of ResNets' blocks, in wespeaker's ResNet, SimAM-ResNet and CAM++.
  static let residual = [
    Folding("conv1", "bn1"), Folding("conv2", "bn2"), Folding("conv3", "bn3"), Folding("shortcut.0", "shortcut.1"),
    Folding("downsample.0", "downsample.1"),
  ]
  /// Those of CAM++.
  static let campplus =
    residual + [
      Folding("xvector.tdnn.linear", "xvector.tdnn.nonlinear.batchnorm"), Folding("linear1", "nonlinear2.batchnorm"),
      Folding("xvector.transit3.linear", "xvector.out_nonlinear.batchnorm"),
    ]
  /// Those of ReDimNet and ReDimNet2, whose convolutions have biases.
  static let reDimNet = [
    Folding("conv2pw", "bn2", keepsBias: true), Folding("0", "1", epsilon: 1e-6, keepsBias: true),
  ]
}
