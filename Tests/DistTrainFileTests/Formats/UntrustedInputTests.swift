import DistTrain
import Foundation
import TestTools
import Testing
import UntrustedInputs

/// Files from strangers: what the fuzzer begins with and what it found. scripts/fuzz looks for more.
@Suite struct UntrustedInputTests {
  private static let inputs = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(
    path: "../../Fuzzing/inputs"
  ).standardizedFileURL

  @Test(arguments: UntrustedInput.allCases)
  func `every example ends in a value or a failure, and one at least in each`(_ input: UntrustedInput) throws {
    let folder = Self.inputs.appending(path: input.rawValue)
    var values = 0
    var failures = 0
    for name in try FileSystem.names(in: folder.path) {
      let bytes = try InputFile.contents(of: folder.appending(path: name).path)
      do {
        try withScratchFolder { try input.read(bytes, in: $0) }
        values += 1
      } catch let failure as Failure {
        #expect([.badData, .usage].contains(failure.kind), "\(name): \(failure)")
        failures += 1
      }
    }
    // No manifest from elsewhere has the digests of files that the test makes; a script's vectors lie in another file.
    #expect(failures > 0 && (values > 0 || [.manifest, .script].contains(input)))
  }

  @Test(arguments: UntrustedInput.allCases)
  func `a byte changed or an end cut off ends in a value or a failure`(_ input: UntrustedInput) throws {
    let folder = Self.inputs.appending(path: input.rawValue)
    try withScratchFolder { scratch in
      for (index, name) in try FileSystem.names(in: folder.path).enumerated() {
        let bytes = try InputFile.contents(of: folder.appending(path: name).path)
        guard !bytes.isEmpty, bytes.count < 4096 else { continue }
        var draws = RandomStream(seed: 1, purpose: .test, item: index)
        for _ in 0..<50 {
          var changed = bytes
          changed[draws.below(changed.count)] = UInt8(draws.below(256))
          if draws.below(3) == 0 { changed = Array(changed.prefix(draws.below(changed.count + 1))) }
          do {
            try input.read(changed, in: scratch)
          } catch is Failure {
          }
        }
      }
    }
  }
}
