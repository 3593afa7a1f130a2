import DistTrain
import Foundation

// Ranks that go wrong in the way their first argument names, for tests that look at how the job ends.
// The second argument is the rank that goes wrong.

let arguments = CommandLine.arguments
guard arguments.count == 3, let culprit = Int(arguments[2]) else {
  StandardError.say("usage: CommunicationProbe way rank")
  exit(64)
}

/// The program's own.
@Sendable func status(of kind: Failure.Kind) -> Int32 { kind == .usage ? 64 : kind == .badData ? 65 : 1 }

let isAsked = arguments[1] == "stay-asked"
if isAsked { StopRequest.watch() }

Job.run(timeout: isAsked ? 600 : 2, exitStatus: status) { communicator in
  let isCulprit = communicator.rank == culprit
  var values = [Float](repeating: 1, count: 100_000)
  communicator.sum(&values)
  let gradient = Matrix.zeros(rows: 1, columns: 100_000)
  switch arguments[1] {
  case "none":
    break
  case "throw":
    if isCulprit { throw Failure(.badData, "a.wav ends after 3 of 9 frames: copy it again") }
    communicator.sum(&values)
  case "agree":
    try communicator.agree {
      if isCulprit { throw Failure(.badData, "a.wav ends after 3 of 9 frames: copy it again") }
    }
  case "agree-all":
    try communicator.agree { throw Failure(.usage, "unknown setting crop.second") }
  case "hang":
    if isCulprit { sleep(3600) }
    communicator.sum(&values)
  case "wander":
    // All wait, but not for the same: each believes that another begins.
    _ = communicator.broadcast(0.5, from: isCulprit ? (culprit + 1) % communicator.size : culprit)
  case "stray":
    var numbers = [Double](repeating: 1, count: 10)
    if isCulprit { communicator.barrier() }
    communicator.sum(&numbers)
  case "miscount":
    var own = [Float](repeating: 1, count: isCulprit ? 10 : 20)
    communicator.sum(&own)
  case "hang-started":
    // The sum is under way everywhere, and the rank never comes to move it on.
    let sum = communicator.startSum([gradient.elements], of: .ranks(communicator.size))
    if isCulprit { sleep(3600) }
    sum.wait()
    communicator.barrier()
  case "hang-before-start":
    if isCulprit { sleep(3600) }
    communicator.startSum([gradient.elements], of: .ranks(communicator.size)).wait()
    communicator.barrier()
  case "miscount-started":
    let short = Matrix.zeros(rows: 1, columns: isCulprit ? 10 : 20)
    withExtendedLifetime(short) {
      communicator.startSum([short.elements], of: .ranks(communicator.size)).wait()
    }
  case "kill-started":
    let sum = communicator.startSum([gradient.elements], of: .ranks(communicator.size))
    if isCulprit { kill(getpid(), SIGKILL) }
    sum.wait()
  case "kill":
    if isCulprit { kill(getpid(), SIGKILL) }
    communicator.sum(&values)
  case "stay", "stay-asked":
    // The others are done.
    if isCulprit { sleep(3600) }
    if isAsked { raise(SIGTERM) }
  case "exit":
    if isCulprit { exit(3) }
    communicator.sum(&values)
  default:
    throw Failure(.usage, "no way \(arguments[1])")
  }
  return 0
}
