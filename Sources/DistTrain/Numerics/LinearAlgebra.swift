internal import COpenBLAS

/// OpenBLAS as it runs in this process.
package enum LinearAlgebra {
  /// The processor core whose kernels were chosen when the library was loaded.
  package static var coreName: String { String(cString: openblas_get_corename()) }
}
