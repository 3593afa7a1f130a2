import CMPI

/// A sum that MPI carries out piece by piece, and moves on only within its own calls.
final class MPISum: PendingSum {
  private let communicator: MPICommunicator
  private let operation: Operation
  /// Of the pieces that are not done.
  private var requests: [CMPIRequest]

  init(_ requests: [CMPIRequest], operation: Operation, communicator: MPICommunicator) {
    self.requests = requests
    self.operation = operation
    self.communicator = communicator
  }

  deinit { precondition(requests.isEmpty, "nobody waited for the \(operation)") }

  func isDone() -> Bool {
    communicator.alone {
      while !requests.isEmpty, communicator.test(&requests[0], operation) { requests.removeFirst() }
      return requests.isEmpty
    }
  }

  func wait() {
    communicator.alone {
      while !requests.isEmpty {
        communicator.wait(for: &requests[0], operation)
        requests.removeFirst()
      }
    }
  }
}
