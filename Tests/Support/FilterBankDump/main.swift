import DistTrain
import Foundation

// Writes samples and features of recordings for scripts/compare-filterbank to compare:
// FOLDER/N.samples.f32 and FOLDER/N.features.f32 (bins × frames, row after row) for the Nth recording.
let arguments = CommandLine.arguments.dropFirst()
guard let folder = arguments.first, arguments.count > 1 else {
  print("usage: filterbank-dump FOLDER RECORDING …")
  exit(64)
}
let bank = FilterBank(FrontEnd(dither: 0))
for (index, path) in arguments.dropFirst().enumerated() {
  let samples = try Waveform.read(path: path)
  let features = bank.features(of: samples, dither: nil)
  try samples.withUnsafeBytes {
    try Data($0).write(to: URL(fileURLWithPath: "\(folder)/\(index).samples.f32"))
  }
  try Data(buffer: features.elements).write(to: URL(fileURLWithPath: "\(folder)/\(index).features.f32"))
}
