import Synchronization

/// Where the files of a list are, for any thread that asks (`PathResolver`).
final class ListedPlaces: Sendable {
  private let resolver: Mutex<PathResolver>

  init(folder: String) {
    resolver = Mutex(PathResolver(folder: folder))
  }

  func resolve(_ path: String) -> String {
    path.utf8.first == UInt8(ascii: "/") ? path : resolver.withLock { $0.resolve(path) }
  }
}
