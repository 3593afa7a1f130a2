import Synchronization

/// Counts the products that are done while it watches, and so shows what a step multiplies, whatever its layers.
package enum ProductTrace {
  private static let isOn = Atomic(false)
  private static let counts = Mutex<[ProductShape: Int]>([:])

  /// The number of times that each product was done within `body`, on all threads. Only one caller may watch at a time.
  package static func products(of body: () throws -> Void) rethrows -> [ProductShape: Int] {
    counts.withLock { $0 = [:] }
    isOn.store(true, ordering: .sequentiallyConsistent)
    defer { isOn.store(false, ordering: .sequentiallyConsistent) }
    try body()
    return counts.withLock { $0 }
  }

  /// Counts a product if a caller watches.
  static func note(_ shape: @autoclosure () -> ProductShape) {
    guard isOn.load(ordering: .relaxed) else { return }
    let shape = shape()
    counts.withLock { $0[shape, default: 0] += 1 }
  }
}
