import Foundation

/// The compiler's address sanitizer, with which `scripts/test nightly` builds the tests once.
public enum AddressSanitizer {
  /// Whether this process runs under it. It maps more addresses than any limit on them leaves.
  public static var isOn: Bool { dlsym(nil, "__asan_init") != nil }
}
