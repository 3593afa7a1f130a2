import CMPI

/// The MPI library that the process has loaded.
package enum MPILibrary {
  /// Its name and version, such as `Open MPI v4.1.4` or `MPICH 5.0.2`.
  static var name: String {
    let words = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 8192) {
      cmpi_library($0.baseAddress, 8192)
      return String(cString: $0.baseAddress!)
    }
    return name(in: words)
  }

  /// The name in what a library says of itself: the text after the first comma or line says how it was built.
  package static func name(in words: String) -> String {
    let first = words.split(whereSeparator: { $0 == "," || $0.isNewline }).first ?? "an MPI without a name"
    return first.split(whereSeparator: \.isWhitespace).filter { $0 != "Version:" }.joined(separator: " ")
  }

  /// Its name, and how threads may call it.
  static var description: String {
    let level = String(cString: cmpi_thread_level())
    let interface = header.hasPrefix("the MPI standard ABI") ? " by \(header)" : ""
    return "\(name)\(interface), \(level.isEmpty ? "no launcher" : "threads: \(level)")"
  }

  /// The MPI that the program is built with, such as `Open MPI 4.1.4`.
  package static var header: String { String(cString: cmpi_header()) }

  /// Refuses a library that has another binary interface than the program is built for, whose functions would take its
  /// handles for something else.
  /// - Throws: `Failure(.failed)`.
  static func check() throws {
    guard cmpi_library_fits() == 0 else { return }
    throw Failure(
      .failed,
      "this program is built with \(header), and the MPI library found at its start is \(name): load that MPI "
        + "(LD_LIBRARY_PATH, LD_PRELOAD, a module), or build svdist with this one (SVDIST_MPI)")
  }
}
