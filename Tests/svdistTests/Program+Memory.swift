import Foundation
import Testing

extension Program {
  /// Waits until a run says how much memory a rank will take, and returns that in GB.
  func foretoldMemory() throws -> Double {
    try wait { output.contains(" GB of memory for each rank\n") }
    let line = output.split(separator: "\n").first { $0.contains(" GB of memory for each rank") } ?? ""
    return try #require(line.split(separator: " ").compactMap { Double($0) }.first, "\(output)")
  }

  /// The peak of the resident memory of a rank of a program that mpirun started, as the kernel counts it, in GB.
  func peakMemory(ofRank rank: Int) throws -> Double {
    let process = try #require(self.process(ofRank: rank))
    let text = try String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)
    let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("VmHWM:") })
    return try #require(line.split(whereSeparator: \.isWhitespace).compactMap { Double($0) }.first) * 1024 / 1e9
  }
}
