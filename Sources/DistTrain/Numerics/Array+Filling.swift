extension [Double] {
  /// Zeros that `fill` writes to, on whatever threads.
  init(filling count: Int, _ fill: (UnsafeMutablePointer<Double>) -> Void) {
    self.init(unsafeUninitializedCapacity: count) { buffer, initialized in
      buffer.initialize(repeating: 0)
      if let start = buffer.baseAddress { fill(start) }
      initialized = count
    }
  }
}
