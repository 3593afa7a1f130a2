import DistTrain
import Foundation
import TestTools
import Testing

@Suite struct ChildProcessTests {
  @Test func `a program has no input, writes where it is told, and its status is known`() throws {
    try withScratchFolder { folder in
      let script = "echo out; echo error >&2; cat; exit 3"
      let output = open(folder + "/out", O_WRONLY | O_CREAT, 0o666)
      let process = try ChildProcess("sh", ["-c", script], output: output, errors: folder + "/errors")
      #expect(try process.wait() == 3)
      _ = close(output)
      #expect(try InputFile.contents(of: folder + "/out") == Array("out\n".utf8))
      #expect(try InputFile.contents(of: folder + "/errors") == Array("error\n".utf8))
    }
  }

  @Test func `a signal that ends a program is in its status, and can be sent`() throws {
    let process = try ChildProcess("sleep", ["1000"])
    #expect(try process.statusIfEnded() == nil)
    kill(process.id, SIGTERM)
    #expect(try process.wait() == 128 + SIGTERM)
  }

  @Test func `a program of a group or session of its own is not in that of this process`() throws {
    for place in [ChildProcess.Place.group, .ownGroup, .ownSession] {
      let process = try ChildProcess("sleep", ["1000"], place: place)
      #expect((getpgid(process.id) == getpgid(0)) == (place == .group))
      #expect((getsid(process.id) == getsid(0)) == (place != .ownSession))
      kill(process.id, SIGKILL)
      _ = try process.wait()
    }
  }

  @Test func `a program that is not there is told`() {
    let refusal = failure { _ = try ChildProcess("/no/such/program", []) }
    #expect(refusal?.kind == .failed && refusal?.message.hasPrefix("cannot start /no/such/program: ") == true)
  }
}
