/// The gradient of a squeeze-excitation's input, dx = gate·dy + constant by channel and utterance, which is not stored: the
/// layer before works it out where it reads it.
package struct GatedGradient: Sendable {
  /// dy, channels × (objectives · utterances · frames).
  package let gradient: MatrixView
  /// channels × utterances, the same for all objectives.
  package let gates: Matrix
  /// channels × (objectives · utterances).
  package let constants: Matrix
  /// For each unit, objective and channel Σ dx and Σ dx·(v − m), with v the values that the input is a view of and m their
  /// channel's centre.
  package let sums: [Double]
}
