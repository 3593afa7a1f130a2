import ArgumentParser
import DistTrain
import Foundation

/// The machine that numbers belong to.
struct MachineCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "machine", abstract: "Says which CPU this is and which kernels are in use.")

  func run() throws {
    let cpu = try String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8).split(separator: "\n")
    let model = cpu.first { $0.hasPrefix("model name") }?.split(separator: ":").last?.drop { $0 == " " }
    print("\(model ?? "unknown CPU"), \(ProcessInfo.processInfo.activeProcessorCount) cores, \(Machine.kernels)")
  }
}
