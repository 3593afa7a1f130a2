import DistTrain
import Foundation
import TestCorpora
import Testing

extension ProgramTests {
  /// `svdist watch` on a run that svdist trained.
  @Suite struct WatchCommandTests {
    /// A started `svdist watch` and where it serves.
    private struct Watch {
      let program: Program
      let port: UInt16
      let token: String
      var target: String { "/?token=\(token)" }

      init(_ arguments: [String], environment: [String: String] = [:]) throws {
        let started = try Program("svdist", ["watch"] + arguments, environment: environment)
        try started.wait { started.output.hasSuffix("\n") }
        let parts = started.output.dropLast().components(separatedBy: "/?token=")
        try #require(parts.count == 2 && parts[0].hasPrefix("http://127.0.0.1:"), "\(started.output)\(started.errors)")
        port = try #require(UInt16(parts[0].dropFirst("http://127.0.0.1:".count)))
        token = parts[1]
        program = started
      }

      /// Ends it by a signal and expects that it ended at once, as it should.
      func end(_ signal: Int32 = SIGTERM) throws -> Outcome {
        program.send(signal)
        let outcome = try program.finish()
        #expect(outcome.status == 0, "\(outcome.errors)")
        return outcome
      }

      /// An answer: its status, and all of it as text.
      func ask(_ method: String, _ target: String, host: String = "localhost") throws -> (status: Int, text: String) {
        let text = try exchange("\(method) \(target) HTTP/1.1\r\nHost: \(host)\r\nConnection: close\r\n\r\n")
        let words = text.split(separator: " ", maxSplits: 2)
        return (try #require(words.dropFirst().first.flatMap { Int($0) }, "\(text.prefix(80))"), text)
      }

      /// Sends a text and reads until the server closes the connection.
      func exchange(_ text: String) throws -> String {
        let connection = try connect()
        defer { close(connection) }
        let bytes = Array(text.utf8)
        let sent = send(connection, bytes, bytes.count, Int32(MSG_NOSIGNAL))
        try #require(sent == bytes.count)
        var (answer, buffer) = ([UInt8](), [UInt8](repeating: 0, count: 1 << 16))
        while true {
          let count = recv(connection, &buffer, buffer.count, 0)
          guard count > 0 else { break }
          answer += buffer[..<count]
        }
        return String(decoding: answer, as: UTF8.self)
      }

      /// A connection to the server, which waits half a minute at most.
      func connect() throws -> Int32 {
        let connection = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var limit = timeval(tv_sec: 30, tv_usec: 0)
        setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let status = withUnsafePointer(to: &address) {
          $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            Foundation.connect(connection, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
          }
        }
        try #require(status == 0, "\(String(cString: strerror(errno)))")
        return connection
      }
    }

    private func withRun(_ body: (SmallRun) throws -> Void) throws {
      try SmallRun.with { run in
        let outcome = try svdist(run.arguments(steps: 3))
        #expect(outcome.status == 0, "\(outcome.errors)")
        try body(run)
      }
    }

    @Test func `a browser with the address sees the report, and others are refused`() throws {
      try withRun { run in
        let watch = try Watch([run.path("run"), "--resamples", "0"])
        let page = try watch.ask("GET", watch.target)
        #expect(page.status == 200 && page.text.contains("<title>Run run</title>") && page.text.hasSuffix("</html>\n"))
        for header in [
          "Cache-Control: no-store", "X-Content-Type-Options: nosniff", "Referrer-Policy: no-referrer",
          "Content-Security-Policy: default-src 'none';", "Content-Type: text/html; charset=utf-8",
        ] {
          #expect(page.text.contains("\r\n\(header)"), "\(header)")
        }
        let head = try watch.ask("HEAD", watch.target)
        #expect(head.status == 200 && head.text.hasSuffix("\r\n\r\n") && !head.text.contains("<html"))
        #expect(try watch.ask("GET", "/").status == 403)
        #expect(try watch.ask("GET", watch.target + "0").status == 403)
        #expect(try watch.ask("GET", watch.target, host: "evil.example").status == 403)
        #expect(try watch.ask("POST", watch.target).status == 405)
        #expect(try watch.ask("GET", "/config.yaml?token=\(watch.token)").status == 404)
        // Nobody trains the run: its page is not asked for again.
        try watch.program.wait { watch.program.errors.contains("nobody trains") }
        #expect(try !watch.ask("GET", watch.target).text.contains("http-equiv"))
        let outcome = try watch.end()
        #expect(outcome.errors.split(separator: "\n").allSatisfy { $0.hasPrefix("note: ") }, "\(outcome.errors)")
        #expect(outcome.output.split(separator: "\n").count == 1)
      }
    }

    @Test func `a training is followed to its end, and its last page is whole`() throws {
      try SmallRun.with { run in
        let training = try Program("svdist", run.arguments(steps: 100_000))
        try training.wait { run.metrics().count >= 2 }
        let watch = try Watch([run.path("run"), "--resamples", "0", "--every", "1", "--keep", "0"])
        let first = try watch.ask("GET", watch.target)
        #expect(first.status == 200 && first.text.contains("<meta http-equiv=\"refresh\" content=\"1\"/>"))
        training.send(SIGTERM)
        _ = try training.finish()
        let outcome = try watch.program.finish()
        #expect(outcome.status == 0 && outcome.errors.contains("note: nobody trains \(run.path("run"))"))
        let again = try Watch([run.path("run"), "--resamples", "0"])
        #expect(try again.ask("GET", again.target).text.contains("\(run.metrics().count) of 100000"))
        _ = try again.end(SIGINT)
      }
    }

    @Test func `a run that vanishes is a line on the page, and a page again when it is back`() throws {
      try withRun { run in
        let watch = try Watch([run.path("run"), "--resamples", "0", "--every", "1", "--quiet"])
        #expect(try watch.ask("GET", watch.target).status == 200)
        try FileSystem.rename(run.path("run"), to: run.path("moved"))
        var answer = (status: 200, text: "")
        try watch.program.wait {
          answer = (try? watch.ask("GET", watch.target)) ?? answer
          return answer.status != 200
        }
        #expect(answer.status == 503 && answer.text.contains("is no run folder"))
        try FileSystem.rename(run.path("moved"), to: run.path("run"))
        try watch.program.wait {
          answer = (try? watch.ask("GET", watch.target)) ?? answer
          return answer.status == 200
        }
        #expect(answer.text.contains("<title>Run run</title>"))
        let outcome = try watch.end()
        #expect(outcome.errors.split(separator: "\n").count == 1 && outcome.errors.contains("warning: "))
      }
    }

    @Test func `who sends nothing, or too much, keeps nobody from the page`() throws {
      try withRun { run in
        let watch = try Watch([run.path("run"), "--resamples", "0"])
        let silent = try (0..<100).map { _ in try watch.connect() }
        defer { for connection in silent { close(connection) } }
        let flood = try watch.connect()
        defer { close(flood) }
        var limit = timeval(tv_sec: 60, tv_usec: 0)
        setsockopt(flood, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        let bytes = [UInt8](repeating: UInt8(ascii: "a"), count: 1 << 16)
        var error: Int32?
        // Far more than the buffers of both sides hold.
        for _ in 0..<2000 where error == nil {
          if send(flood, bytes, bytes.count, Int32(MSG_NOSIGNAL)) < 0 { error = errno }
        }
        #expect(error == EPIPE || error == ECONNRESET, "\(error ?? 0)")
        #expect(try watch.ask("GET", watch.target).status == 200)
        _ = try watch.end()
      }
    }

    @Test func `on a cluster the tunnel is told, and other machines are answered with a warning alone`() throws {
      try withRun { run in
        let environment = ["SSH_CONNECTION": "10.0.0.2 50000 10.0.0.7 22"]
        let watch = try Watch([run.path("run")], environment: environment)
        try watch.program.wait { watch.program.errors.contains("ssh -N -L \(watch.port):127.0.0.1:\(watch.port) ") }
        _ = try watch.end()
        let served = try Program("svdist", ["watch", run.path("run"), "--host", "0.0.0.0", "--quiet"])
        try served.wait { served.errors.contains("\n") }
        #expect(served.errors.hasPrefix("warning: ") && served.errors.contains("not encrypted"))
        served.send(SIGTERM)
        #expect(try served.finish().status == 0)
      }
    }

    @Test func `a port in use, what is no run and what is no address are refused in a line`() throws {
      try withRun { run in
        let watch = try Watch([run.path("run")])
        expectRefusal(
          try svdist(["watch", run.path("run"), "--port", "\(watch.port)"]), 1, "port \(watch.port)", "in use", "--port"
        )
        _ = try watch.end()
        expectRefusal(try svdist(["watch", run.path("none")]), 65, "is no run folder")
        expectRefusal(try svdist(["watch", run.path("run"), run.path("run/")]), 64, "is the same run as")
        expectUsage(try svdist(["watch"]), "<run>")
        expectUsage(try svdist(["watch", run.path("run"), "--host", "node7"]), "--host")
        // An address that is kept for documentation is no machine's.
        let elsewhere = try svdist(["watch", run.path("run"), "--host", "192.0.2.1"])
        expectRefusal(elsewhere, 1, "192.0.2.1", "name one of its own with --host")
        #expect(!elsewhere.errors.contains("--port"))
        expectUsage(try svdist(["watch", run.path("run"), "--every", "0"]), "--every")
        expectUsage(try svdist(["watch", run.path("run"), "--port", "65536"]), "--port")
      }
    }
  }
}
