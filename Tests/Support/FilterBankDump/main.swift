import DistTrain
import Foundation

// Writes samples and features of recordings, of 80 bins unless it is told another number, for
// scripts/compare-filterbank and scripts/compare-wespeaker to compare: FOLDER/N.samples.f32 and FOLDER/N.features.f32
// (bins × frames, row after row) for the Nth recording.
var arguments = CommandLine.arguments.dropFirst()
var frontEnd = FrontEnd(dither: 0)
if arguments.first == "--bins", let bins = arguments.dropFirst().first.flatMap({ Int($0) }) {
  frontEnd.bins = bins
  arguments = arguments.dropFirst(2)
}
guard let folder = arguments.first, arguments.count > 1 else {
  print("usage: filterbank-dump [--bins NUMBER] FOLDER RECORDING …")
  exit(64)
}
let bank = FilterBank(frontEnd)
for (index, path) in arguments.dropFirst().enumerated() {
  let samples = try Waveform.read(path: path)
  let features = bank.features(of: samples, dither: nil)
  try samples.withUnsafeBytes {
    try Data($0).write(to: URL(fileURLWithPath: "\(folder)/\(index).samples.f32"))
  }
  try Data(buffer: features.elements).write(to: URL(fileURLWithPath: "\(folder)/\(index).features.f32"))
}
