/// The machine as this process may use it.
package enum Machine {
  /// Threads for each rank: the cores that it may run on, shared out among the ranks that may run there, at least one.
  /// All ranks call this together.
  package static func threads(_ communicator: any Communicator) -> Int {
    JobFacts.gather(communicator, threads: nil).threads[communicator.rank]
  }

  /// The instruction sets in use, in words.
  package static var kernels: String { MachineFacts.here().software }
}
