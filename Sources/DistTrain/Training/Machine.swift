internal import CKernels
import Foundation

/// The machine as this process may use it.
package enum Machine {
  /// Threads for each rank: this host's cores shared out among its ranks, at least one.
  package static func threads(_ communicator: any Communicator) -> Int {
    let own = communicator.hosts[communicator.rank]
    return max(1, ProcessInfo.processInfo.activeProcessorCount / communicator.hosts.count { $0 == own })
  }

  /// The instruction sets in use, in words.
  package static var kernels: String {
    "OpenBLAS for \(LinearAlgebra.coreName), kernels for \(String(cString: ck_instruction_set()))"
  }
}
