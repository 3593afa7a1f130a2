import DistTrain
import Foundation
import TestTools
import Testing

@Suite struct PageGateTests {
  private let token = "0123456789abcdef"

  private func gate(_ address: String = "127.0.0.1") throws -> PageGate {
    PageGate(try #require(ServerAddress(address)), token: token, machine: "node7")
  }

  private func status(
    _ gate: PageGate, method: String = "GET", path: String = "/", token: String? = "0123456789abcdef",
    host: String? = "127.0.0.1:8080"
  ) -> Int? {
    gate.refusal(of: PageGate.Request(method: method, path: path, token: token, host: host))?.status
  }

  @Test func `whoever has the address reads the page, and nothing else is there`() throws {
    let own = try gate()
    #expect(status(own) == nil && status(own, method: "HEAD") == nil)
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "CONNECT", ""] { #expect(status(own, method: method) == 405) }
    for path in ["", "/x", "/index.html", "//"] { #expect(status(own, path: path) == 404) }
    for wrong in [nil, "", "0", "0123456789abcdee", "1123456789abcdef", "0123456789abcdef0", "0123456789ABCDEF"] {
      #expect(status(own, token: wrong) == 403, "\(wrong ?? "none")")
    }
  }

  @Test func `names that others can make to mean this machine are refused before all else`() throws {
    let own = try gate()
    for name in ["localhost", "LocalHost:1", "127.0.0.1", "127.1.2.3:65535", "[::1]", "[::1]:80"] {
      #expect(status(own, host: name) == nil, "\(name)")
    }
    for other in [
      nil, "", "evil.example", "evil.example:80", "localhost.evil.example", "127.0.0.1.evil.example", "node7",
      "10.0.0.7",
      "0.0.0.0", "[::1", "[::1]x", "127.0.0.1:x", "127.0.0.1:1:2", "127.1", "2130706433",
    ] {
      #expect(status(own, method: "POST", path: "/x", token: nil, host: other) == 403, "\(other ?? "none")")
      #expect(status(own, host: other) == 403, "\(other ?? "none")")
    }
  }

  @Test func `a page for other machines has their addresses of this one, and its name`() throws {
    let one = try gate("10.0.0.7")
    for own in ["10.0.0.7:1", "node7", "NODE7:1", "localhost"] { #expect(status(one, host: own) == nil, "\(own)") }
    for other in ["10.0.0.8", "node8", "node7.evil.example"] { #expect(status(one, host: other) == 403, "\(other)") }
    for all in ["0.0.0.0", "::"] {
      let open = try gate(all)
      #expect(status(open, host: "10.0.0.8:1") == nil)
      #expect(status(open, host: "[2001:db8::1]:1") == nil)
      #expect(status(open, host: "evil.example") == 403)
    }
  }

  @Test func `tokens have 128 bits, each time others`() {
    let tokens = (0..<100).map { _ in PageGate.makeToken() }
    #expect(Set(tokens).count == 100)
    #expect(tokens.allSatisfy { $0.utf8.count == 32 && $0.allSatisfy { $0.isHexDigit && !$0.isUppercase } })
    // No digit keeps its place in all of them.
    #expect((0..<32).allSatisfy { place in Set(tokens.map { Array($0)[place] }).count > 4 })
  }

  @Test func `addresses are read in any form, and shown as a page's`() throws {
    for (text, short, isLoopback) in [
      ("localhost", "127.0.0.1", true), ("127.9.0.1", "127.9.0.1", true), ("0:0::1", "::1", true),
      ("10.0.0.7", "10.0.0.7", false), ("2001:DB8:0::1", "2001:db8::1", false),
    ] {
      let address = try #require(ServerAddress(text), "\(text)")
      #expect(address.text == short && address.isLoopback == isLoopback && !address.isAny)
    }
    for text in ["", "node7", "127.0.0", "127.0.0.1:80", "[::1]", "1.2.3.256", " 127.0.0.1"] {
      #expect(ServerAddress(text) == nil, "\(text)")
    }
    #expect(ServerAddress("0.0.0.0")?.isAny == true && ServerAddress("0::0")?.isAny == true)
    #expect(ServerAddress("::1")?.shown(name: "n") == "[::1]" && ServerAddress("::")?.shown(name: "n") == "n")
  }

  @Test func `a person on another machine is told the tunnel, and one at this machine is not`() throws {
    let loopback = try #require(ServerAddress("127.0.0.1"))
    func command(_ environment: [String: String], machine: String = "node7") -> String? {
      SSHTunnel.command(environment, machine: machine, address: loopback, port: 4711)
    }
    let ssh = ["SSH_CONNECTION": "10.0.0.2 50000 10.0.0.7 22"]
    let job = ["SLURM_JOB_ID": "12", "SLURM_SUBMIT_HOST": "login1"]
    #expect(command([:]) == nil)
    #expect(command(ssh) == "ssh -N -L 4711:127.0.0.1:4711 node7")
    #expect(command(job) == "ssh -N -L 4711:127.0.0.1:4711 -J login1 node7")
    #expect(command(job, machine: "login1") == "ssh -N -L 4711:127.0.0.1:4711 login1")
    #expect(command(["SLURM_JOB_ID": "12", "SLURM_SUBMIT_HOST": "$(reboot)"]) == command(ssh))
    #expect(command(ssh, machine: "-oProxyCommand=x") == nil)
  }
}
