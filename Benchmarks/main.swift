import DistTrain
import Foundation

let arguments = CommandLine.arguments
var benchmark = StepBenchmark()
if arguments.count > 2 { benchmark.channels = Int(arguments[2])! }
benchmark.settings = Array(arguments.dropFirst(3))
ThreadTeam.shared.grow(to: Int(ProcessInfo.processInfo.environment["T"] ?? "1")!)
let communicator = try Job.start(timeout: 600)
let times = try benchmark.seconds(steps: Int(arguments[1])!, communicator: communicator)
if communicator.rank == 0 {
  let median = times.sorted()[times.count / 2]
  print(LinearAlgebra.coreName, times.map { String(format: "%.3f", $0) }, String(format: "%.1f utterances/s", 64 / median))
}
