import DistTrain
import Foundation
import TestTools
import Testing

@Suite struct TensorBoardEventTests {
  /// The bytes and checksums of RFC 3720, appendix B.4, the last of which are a command to read.
  private static let checksums: [(bytes: [UInt8], checksum: UInt32)] = [
    ([UInt8](repeating: 0, count: 32), 0x8A91_36AA), ([UInt8](repeating: 0xFF, count: 32), 0x62A8_AB43),
    ([UInt8](0..<32), 0x46DD_794E), ([UInt8](0..<32).reversed(), 0x113F_DB5C),
    (
      [0x01, 0xC0] + zeros(14) + [0x14] + zeros(5) + [0x04] + zeros(4) + [0x14] + zeros(3) + [0x18, 0x28] + zeros(7)
        + [0x02] + zeros(7), 0xD996_3A56
    ),
  ]

  private static func zeros(_ count: Int) -> [UInt8] { [UInt8](repeating: 0, count: count) }

  @Test func `checksums are those of the RFC`() {
    for one in Self.checksums { #expect(CRC32C.of(one.bytes) == one.checksum) }
  }

  /// The file of scripts/oracle/tensorboard_file.py, which TensorBoard's library wrote.
  @Test func `records are byte for byte those of TensorBoard's library`() throws {
    let time = 1_764_500_000.25
    var histogram = TensorBoardEvent.Histogram()
    (histogram.least, histogram.greatest, histogram.sum, histogram.squares) = (-0.03, 0.12, 0.19, 0.0233)
    (histogram.limits, histogram.counts) = ([0, 0.05, 0.1, 0.15], [1, 1, 0, 2])
    let settings: [(key: String, value: TensorBoardEvent.Setting)] = [
      ("encoder.type", .text("x-vector")), ("optimizer.nesterov", .truth(true)), ("training.steps", .number(600)),
    ]
    let scalars: [TensorBoardEvent.Value] = [
      .scalar("loss/classificationLoss", 1.7605009078979492), .scalar("schedule/margin", 0),
    ]
    let events: [TensorBoardEvent] = [
      .version(time: time), .start(time: time, step: 501),
      TensorBoardEvent(
        time: time, step: 501,
        [.text("configuration", "    seed: 1\n    name: é"), .settings(settings, began: time)]),
      TensorBoardEvent(time: time, step: 70000, scalars),
      TensorBoardEvent(time: time, step: 600, [.histogram("evaluation/targetScores", histogram)]),
    ]
    let golden = [UInt8](try Data(contentsOf: Golden.url("events.tfevents")))
    #expect(events.flatMap(\.record) == golden)
  }

  @Test func `cosines are counted in stretches of a twentieth, each with its upper end`() {
    let histogram = TensorBoardEvent.Histogram(cosines: [0.25, -0.02, 0, 0.01, 0.11, 0.24, 0.25])
    #expect(histogram.limits == [0, 0.05, 0.1, 0.15, 0.2, 0.25])
    #expect(histogram.counts == [2, 1, 0, 1, 0, 3])
    #expect((histogram.least, histogram.greatest) == (Double(Float(-0.02)), 0.25))
    #expect(abs(histogram.sum - 0.84) < 1e-7)
    #expect(abs(histogram.squares - 0.1952) < 1e-7)
    // Rounding may leave a cosine a little outside.
    let ends = TensorBoardEvent.Histogram(cosines: [-1.0000001, -1, 1, 1.0000001])
    #expect(ends.counts.first == 2 && ends.counts.last == 2 && ends.counts.count == 40)
    #expect((ends.limits.first, ends.limits.last) == (-0.95, 1))
    #expect(TensorBoardEvent.Histogram(cosines: []).counts.isEmpty)
  }
}
