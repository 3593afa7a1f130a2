import DistTrain
import Foundation
import TestTools
import Testing

@Suite struct WaveBytesTests {
  @Test func `bytes are a recording of the same samples in 16 bits, clipped at full scale`() throws {
    let folder = try TestFolder()
    let samples: [Float] = [0, 0.5, -0.25, 1, -1, 1.5, -7, 1e-3]
    try folder.write("a.wav", WaveBytes.bytes(samples, sampleRate: 8000))
    let file = try AudioFile(path: folder.path("a.wav"))
    #expect(file.sampleRate == 8000 && file.channels == 1 && file.frames == samples.count)
    let heard = try file.read(from: 0, count: samples.count)
    for (one, wanted) in zip(heard, samples) { #expect(abs(one - min(max(wanted, -1), 1)) < 2 / 32_768) }
    #expect(WaveBytes.bytes([]).count == 44)
  }
}
