import CFuzzer
import DistTrain
import Foundation
import UntrustedInputs

// Gives libFuzzer's inputs to the reader that the environment names, until one of them ends in anything but a value or
// a Failure. The arguments are libFuzzer's.
nonisolated(unsafe) var input = UntrustedInput.safetensors
nonisolated(unsafe) var folder = ""

guard let name = ProcessInfo.processInfo.environment["SVDIST_FUZZ_INPUT"], let chosen = UntrustedInput(rawValue: name)
else {
  print("SVDIST_FUZZ_INPUT: one of \(UntrustedInput.allCases.map(\.rawValue).joined(separator: " "))")
  exit(64)
}
input = chosen
folder = "/dev/shm/svdist-fuzz-\(getpid())"
try FileSystem.createFolder(folder)
atexit { try? FileSystem.remove(folder) }

var count = CommandLine.argc
var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv
let status = LLVMFuzzerRunDriver(&count, &arguments) { bytes, count in
  do {
    try input.read(Array(UnsafeBufferPointer(start: bytes, count: count)), in: folder)
  } catch is Failure {
  } catch {
    fatalError("\(input.rawValue): \(error)")
  }
  return 0
}
exit(status)
