import DistTrain
import Foundation

/// The limits of a server's connections, which FlyingFox has none for: it takes all that come, keeps them as long as the
/// other side likes, and holds a request line or a header of any length in memory. Whoever breaks a limit is cut off.
struct ConnectionLimits {
  /// A browser has a handful.
  private static let most = 64
  /// A request without a body takes a thousand or two, more with what other servers of this machine let a browser keep.
  private static let mostBytes: UInt64 = 1 << 14
  /// A page of some hundred kilobytes through a slow tunnel, and the wait for one that is being made.
  private static let mostSeconds = 300.0

  private let port: UInt16
  /// The times at which connections were first seen, by what `/proc/self/fd` calls them, which no other one is called.
  private var began: [String: Double] = [:]

  /// - Parameter port: of the server.
  init(port: UInt16) {
    self.port = port
  }

  /// Looks at the connections and cuts off those that are too old, have sent too much, or are too many, of which the
  /// oldest go first.
  mutating func enforce(now: Double) {
    var found: [(descriptor: Int32, began: Double)] = []
    var names: [String: Double] = [:]
    for descriptor in ((try? FileSystem.names(in: "/proc/self/fd")) ?? []).compactMap({ Int32($0) }) {
      guard let name = Self.socketName(descriptor), !Self.takesConnections(descriptor), isOfServer(descriptor)
      else { continue }
      let began = began[name] ?? now
      names[name] = began
      if now - began > Self.mostSeconds || Self.receivedBytes(descriptor) > Self.mostBytes {
        Self.cut(descriptor)
      } else {
        found.append((descriptor, began))
      }
    }
    began = names
    for one in found.sorted(by: { $0.began < $1.began }).prefix(max(0, found.count - Self.most)) {
      Self.cut(one.descriptor)
    }
  }

  /// Ends a connection. What it brought and nobody has read yet is thrown away: FlyingFox reads a line in a time that grows
  /// with the square of its length.
  private static func cut(_ descriptor: Int32) {
    _ = shutdown(descriptor, Int32(SHUT_RDWR))
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    for _ in 0..<256 {
      if recv(descriptor, &bytes, bytes.count, Int32(MSG_DONTWAIT)) <= 0 { break }
    }
  }

  /// What the kernel calls a socket, such as `socket:[4711]`; nil for another descriptor.
  private static func socketName(_ descriptor: Int32) -> String? {
    let name = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(descriptor)")
    return name.flatMap { $0.hasPrefix("socket:") ? $0 : nil }
  }

  private static func takesConnections(_ descriptor: Int32) -> Bool {
    var takes: Int32 = 0
    var size = socklen_t(MemoryLayout<Int32>.size)
    return getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &takes, &size) == 0 && takes != 0
  }

  /// Whether a socket has the server's port on this side.
  private func isOfServer(_ descriptor: Int32) -> Bool {
    var address = sockaddr_in6()
    var size = socklen_t(MemoryLayout<sockaddr_in6>.size)
    let isKnown = withUnsafeMutableBytes(of: &address) {
      getsockname(descriptor, $0.baseAddress!.assumingMemoryBound(to: sockaddr.self), &size) == 0
    }
    // The port lies at the same place for both families of addresses.
    return isKnown && [sa_family_t(AF_INET), sa_family_t(AF_INET6)].contains(address.sin6_family)
      && UInt16(bigEndian: address.sin6_port) == port
  }

  /// The bytes that a connection has brought: `tcpi_bytes_received` of Linux's `struct tcp_info` (linux/tcp.h, since 4.1),
  /// which glibc's own lacks. 0 where the kernel does not tell.
  private static func receivedBytes(_ descriptor: Int32) -> UInt64 {
    let place = 128
    var bytes = [UInt8](repeating: 0, count: place + 8)
    var size = socklen_t(bytes.count)
    guard getsockopt(descriptor, Int32(IPPROTO_TCP), TCP_INFO, &bytes, &size) == 0, size == bytes.count else {
      return 0
    }
    return bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: place, as: UInt64.self) }
  }
}
