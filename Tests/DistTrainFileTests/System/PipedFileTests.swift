import DistTrain
import Foundation
import TestTools
import Testing

@Suite struct PipedFileTests {
  /// Calls `body` with the path of a new pipe.
  private func withPipe(_ body: (String) throws -> Void) throws {
    try withScratchFolder { folder in
      try #require(mkfifo(folder + "/pipe", 0o600) == 0)
      try body(folder + "/pipe")
    }
  }

  @Test func `what a late writer writes in parts is read to its end`() throws {
    try withPipe { path in
      let parts = ["seed: 7\n", String(repeating: "#", count: 100_000) + "\n", "batch: {}\n"]
      let writer = Thread {
        usleep(250_000)
        guard let file = FileHandle(forWritingAtPath: path) else { return }
        for part in parts {
          try? file.write(contentsOf: Data(part.utf8))
          usleep(150_000)
        }
        try? file.close()
      }
      writer.start()
      let bytes = try PipedFile.contents(of: path, atMost: 1 << 20)
      #expect(bytes == Array(parts.joined().utf8))
    }
  }

  @Test func `a file and a device are read up to the limit`() throws {
    try withScratchFolder { folder in
      try write("seed: 7\n", to: folder + "/c.yaml")
      for (most, text) in [(100, "seed: 7\n"), (8, "seed: 7\n"), (3, "see"), (0, "")] {
        #expect(try PipedFile.contents(of: folder + "/c.yaml", atMost: most) == Array(text.utf8))
      }
      #expect(try PipedFile.contents(of: "/dev/null", atMost: 3).isEmpty)
      #expect(try PipedFile.contents(of: "/dev/zero", atMost: 100_000).count == 100_000)
      #expect(failure { _ = try PipedFile.contents(of: folder + "/none", atMost: 3) }?.kind == .badData)
    }
  }

  @Test func `a pipe that nobody writes to is left on a request to stop`() async {
    await #expect(processExitsWith: .success) {
      try withScratchFolder { folder in
        let path = folder + "/c.yaml"
        #expect(mkfifo(path, 0o600) == 0)
        StopRequest.watch()
        // The threads of tests may hold signals back.
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGTERM)
        pthread_sigmask(SIG_UNBLOCK, &signals, nil)
        raise(SIGTERM)
        let told = failure { _ = try Configuration.load(file: path) }
        #expect(told?.kind == .stopped)
        #expect(told?.message.contains("while it waited for somebody to write to \(path)") == true)
      }
    }
  }
}
