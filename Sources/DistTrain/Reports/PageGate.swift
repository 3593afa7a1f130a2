import Foundation

/// Who may see a page that this machine serves to browsers, and what others are told.
///
/// Other users of the machine reach its ports, and so does every page that its browser shows: hence a secret in the
/// address, and names of the server that nobody else can have made to mean this machine (DNS rebinding).
package struct PageGate: Sendable {
  /// What a browser asks for.
  package struct Request: Sendable {
    package var method: String
    package var path: String
    /// The secret of the address.
    package var token: String?
    /// The server's name as the browser has it, with a port or without.
    package var host: String?

    package init(method: String, path: String, token: String?, host: String?) {
      self.method = method
      self.path = path
      self.token = token
      self.host = host
    }
  }

  /// An answer without the page.
  package struct Refusal: Sendable, Equatable {
    /// The status of HTTP.
    package let status: Int
    /// The line that people read.
    package let line: String
  }

  /// The headers of all answers: nothing is kept, guessed, loaded from elsewhere, run, framed or passed on.
  package static let headers = [
    "Cache-Control": "no-store",
    "Content-Security-Policy":
      "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
      + "frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
  ]

  package let token: String
  private let address: ServerAddress
  private let machine: String

  /// - Parameters:
  ///   - address: where the page is served.
  ///   - token: the secret; a new one unless it is given.
  ///   - machine: the name of this machine.
  package init(_ address: ServerAddress, token: String = Self.makeToken(), machine: String = hostName()) {
    self.address = address
    self.token = token
    self.machine = machine
  }

  /// A secret of 128 bits, from the system's source of random numbers: nobody is to be able to draw it again.
  package static func makeToken() -> String {
    var source = SystemRandomNumberGenerator()
    return (0..<16).map { _ in
      let byte = UInt8.random(in: .min ... .max, using: &source)
      return (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }
    .joined()
  }

  /// What is wrong with a request; nil where it gets the page.
  package func refusal(of request: Request) -> Refusal? {
    guard isOwn(request.host) else {
      return Refusal(
        status: 403, line: "This server is not known by that name: open the address that svdist watch printed.")
    }
    guard ["GET", "HEAD"].contains(request.method) else {
      return Refusal(status: 405, line: "This page can only be read.")
    }
    guard request.path == "/" else { return Refusal(status: 404, line: "There is one page here, at /.") }
    guard isToken(request.token ?? "") else {
      return Refusal(
        status: 403, line: "The token is missing or wrong: open the whole address that svdist watch printed.")
    }
    return nil
  }

  /// Whether a text is the secret, found in a time that does not depend on where it differs.
  private func isToken(_ text: String) -> Bool {
    let (own, other) = (Array(token.utf8), Array(text.utf8))
    guard own.count == other.count else { return false }
    return zip(own, other).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
  }

  /// Whether a name with or without a port means this server.
  private func isOwn(_ host: String?) -> Bool {
    guard let host = host?.lowercased(), let name = Self.name(in: host) else { return false }
    if let named = ServerAddress(name) {
      return named.isLoopback || named.text == address.text || address.isAny
    }
    return !address.isLoopback && name == machine.lowercased()
  }

  /// The name or address in a Host header; nil where it has no such form.
  private static func name(in host: String) -> String? {
    if host.hasPrefix("[") {
      guard let end = host.firstIndex(of: "]"), isPort(host[host.index(after: end)...]) else { return nil }
      return String(host[host.index(after: host.startIndex)..<end])
    }
    let end = host.firstIndex(of: ":") ?? host.endIndex
    guard isPort(host[end...]) else { return nil }
    return String(host[..<end])
  }

  /// Whether a text is empty, or a colon and digits.
  private static func isPort(_ text: Substring) -> Bool {
    text.isEmpty
      || (text.first == ":" && text.utf8.count < 7 && text.utf8.dropFirst().allSatisfy { (48...57).contains($0) })
  }
}
