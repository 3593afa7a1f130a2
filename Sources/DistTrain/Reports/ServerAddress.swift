import Foundation

/// An address of this machine at which something is served.
package struct ServerAddress: Sendable, Equatable {
  /// In its shortest form, such as `127.0.0.1` or `::1`.
  package let text: String
  package let isIPv6: Bool

  /// Reads an address; `localhost` is 127.0.0.1. Nil where it is none.
  package init?(_ text: String) {
    let address = text.lowercased() == "localhost" ? "127.0.0.1" : text
    if let short = Self.shortest(address, AF_INET) {
      (self.text, isIPv6) = (short, false)
    } else if let short = Self.shortest(address, AF_INET6) {
      (self.text, isIPv6) = (short, true)
    } else {
      return nil
    }
  }

  /// Whether only this machine reaches it.
  package var isLoopback: Bool { isIPv6 ? text == "::1" : text.hasPrefix("127.") }

  /// Whether it stands for all addresses of this machine.
  package var isAny: Bool { text == "0.0.0.0" || text == "::" }

  /// The form that an address of a page has.
  /// - Parameter name: of this machine, in place of all its addresses.
  package func shown(name: String) -> String { isAny ? name : isIPv6 ? "[\(text)]" : text }

  private static func shortest(_ text: String, _ family: Int32) -> String? {
    // The larger of both families has 16 bytes, and its text 45 characters at most.
    var bytes = [UInt8](repeating: 0, count: 16)
    var characters = [CChar](repeating: 0, count: 64)
    guard inet_pton(family, text, &bytes) == 1,
      inet_ntop(family, bytes, &characters, socklen_t(characters.count)) != nil
    else { return nil }
    return String(decoding: characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
