internal import COpenBLAS

/// OpenBLAS as it runs in this process.
package enum LinearAlgebra {
  /// Threads a product may use.
  package static func setThreads(_ count: Int) { openblas_set_num_threads(Int32(count)) }
  /// The processor core whose kernels were chosen when the library was loaded.
  package static var coreName: String { String(cString: openblas_get_corename()) }
}
