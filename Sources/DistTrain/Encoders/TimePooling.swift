/// The statistics of frames that an encoder of wespeaker's may take (`models/pooling_layers.py`).
package enum TimePooling: String, Sendable, CaseIterable {
  /// Mean and deviation (`TemporalStatisticsPooling`).
  case tstp
  /// Mean and deviation, weighted by an attention without a normalised hidden layer (`AttentiveStatisticsPooling`).
  case astp
  /// Mean and deviation, weighted by an attention with a normalised hidden layer (`RectifiedAttentionPooling`).
  case asp
  /// The posterior mean (`XiPooling`).
  case xi

  /// The layer, with wespeaker's sizes of attentions.
  /// - Parameters:
  ///   - name: the scope of its parameters.
  ///   - channels: the channels of the maps that are pooled.
  ///   - height: the height of these maps.
  func layer(_ name: String, channels: Int, height: Int = 1, layout: inout EncoderLayout) -> any GraphLayer {
    let rows = channels * height
    return switch self {
    case .tstp: TemporalStatisticsPooling(channels: channels, height: height)
    case .astp:
      Self.ofMaps(
        AttentiveStatisticsPooling(name, channels: rows, bottleneck: 128, globalContext: false, layout: &layout), height
      )
    case .asp: Self.ofMaps(RectifiedAttentionPooling(name, channels: rows, bottleneck: 128, layout: &layout), height)
    case .xi: Self.ofMaps(XiPooling(name, channels: rows, bottleneck: 256, layout: &layout), height)
    }
  }

  private static func ofMaps(_ pooling: some GraphLayer, _ height: Int) -> any GraphLayer {
    if height == 1 { return pooling }
    return LinePooling(pooling, height: height)
  }
}
