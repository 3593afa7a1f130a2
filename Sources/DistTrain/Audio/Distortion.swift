/// All that happens to one row of a batch.
package struct Distortion: Sendable, Equatable {
  package var speed = 1.0
  package var interference = Augmentation.Interference.none
  package var codec: Codec?
  /// In dB.
  package var gain = 0.0
  package var masks: [SpectralMask] = []

  package init() {}
}
