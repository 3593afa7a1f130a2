import DistTrain
import FlyingFox
import FlyingSocks
import Foundation
import Synchronization

/// Serves one page to browsers, by FlyingFox, for the rest of the process.
final class WatchServer: Sendable {
  /// The port that it serves at.
  let port: UInt16
  private let state: State

  /// What its task tells.
  private final class State: Sendable {
    struct Values {
      var port: UInt16?
      /// Why it ended.
      var failure: Failure?
      /// What went wrong and was not said yet.
      var remarks: [String] = []
    }

    let values = Mutex(Values())
    /// Signalled once the port or the failure is known.
    let hasBegun = DispatchSemaphore(value: 0)

    func add(_ remark: String) { values.withLock { $0.remarks.append(remark) } }

    func begin(_ port: UInt16) {
      let isFirst = values.withLock { values in
        defer { values.port = port }
        return values.port == nil
      }
      if isFirst { hasBegun.signal() }
    }

    func end(_ failure: Failure) {
      values.withLock { $0.failure = failure }
      hasBegun.signal()
    }
  }

  /// Begins to serve.
  /// - Parameter port: 0 for a free one.
  /// - Throws: `Failure(.failed)` where the address or the port cannot be had.
  init(_ address: ServerAddress, port: UInt16, _ gate: PageGate, _ page: LivePage) throws {
    let state = State()
    let handler = PageHandler(gate: gate, page: page) { state.add($0) }
    Task.detached { await Self.serve(address, port, handler, state) }
    state.hasBegun.wait()
    let values = state.values.withLock { $0 }
    if let failure = values.failure { throw failure }
    guard let taken = values.port else { preconditionFailure("a server that has not failed has a port") }
    self.port = taken
    self.state = state
  }

  /// Lines about what went wrong since the last call.
  /// - Throws: `Failure(.failed)` where it serves no more.
  func takeRemarks() throws -> [String] {
    let values = state.values.withLock { values in
      defer { values.remarks = [] }
      return values
    }
    if let failure = values.failure { throw failure }
    return values.remarks
  }

  /// Serves until the address cannot be had. FlyingFox ends where a connection cannot be taken, as where too many files
  /// are open: then it begins again.
  private static func serve(_ address: ServerAddress, _ port: UInt16, _ handler: PageHandler, _ state: State) async {
    var (port, hasBegun) = (port, false)
    while true {
      do {
        let server = HTTPServer(config: try configuration(address, port), handler: handler)
        let begin = Task { () -> UInt16? in
          try? await server.waitUntilListening(timeout: mostSeconds)
          return await server.listeningAddress.flatMap(Self.port)
        }
        let run = Task {
          defer { begin.cancel() }
          try await server.run()
        }
        if let taken = await begin.value {
          port = taken
          state.begin(taken)
          hasBegun = true
        }
        try await run.value
      } catch {
        let reason = reason(error)
        guard hasBegun else {
          return state.end(
            Failure(
              .failed,
              "cannot serve at port \(port) of \(address.text): \(reason): \(advice(error))"))
        }
        hasBegun = false
        state.add("no connection can be taken (\(reason)): those there are were closed, and it begins again")
        try? await Task.sleep(for: .seconds(1))
      }
    }
  }

  /// More than a page takes to be made.
  private static let mostSeconds: TimeInterval = 3600

  /// - Throws: `SocketError` where FlyingFox does not take the address.
  private static func configuration(_ address: ServerAddress, _ port: UInt16) throws -> HTTPServer.Configuration {
    func configuration(_ place: some SocketAddress) -> HTTPServer.Configuration {
      // What a body of a request has is not kept.
      HTTPServer.Configuration(
        address: place, timeout: mostSeconds, sharedRequestReplaySize: 0, logger: DisabledLogger.disabled)
    }
    return address.isIPv6
      ? configuration(try sockaddr_in6.inet6(ip6: address.text, port: port))
      : configuration(try sockaddr_in.inet(ip4: address.text, port: port))
  }

  private static func port(_ address: Socket.Address) -> UInt16? {
    switch address {
    case .ip4(_, let port), .ip6(_, let port): port
    case .unix: nil
    }
  }

  /// What to do where an address and port cannot be had.
  private static func advice(_ error: any Error) -> String {
    if case .failed(_, EADDRNOTAVAIL, _) = error as? SocketError {
      return "this machine does not have the address: name one of its own with --host, or none for 127.0.0.1"
    }
    return "name another with --port, or none for a free one"
  }

  private static func reason(_ error: any Error) -> String {
    if case .failed(_, let number, _) = error as? SocketError { return String(cString: strerror(number)) }
    return "\(error)"
  }
}
