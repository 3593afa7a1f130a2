internal import CKernels
import CMPI

/// A sum over ranks in which MPI only moves data, and moves it only within its own calls. Each rank receives its slice
/// of all ranks' terms, adds them in the order of the tree, and shares the result. A rank's elements are sent once for
/// each of its nodes and once more when they are summed.
final class MPISum: PendingSum {
  /// A stretch of the elements.
  private struct Piece {
    /// The slice that each rank adds up, relative to the piece.
    let slices: [Range<Int>]
    let start: Int
    /// This rank's slice of all nodes, one node after the other.
    let received: Buffer
  }

  private let values: [UnsafeMutableBufferPointer<Float>]
  private let terms: TermShares
  private let communicator: MPICommunicator
  private let operation: Operation
  private var pieces: [Piece] = []
  /// The requests of what is under way.
  private var requests: [CMPIRequest] = []
  /// Counts and offsets, which MPI reads until an operation is done.
  private var counts: [UnsafeMutableBufferPointer<Int32>] = []
  /// Whether the sums of the slices are on their way.
  private(set) var isShared = false

  init(
    _ values: [UnsafeMutableBufferPointer<Float>], of terms: TermShares, pieces: [Range<Int>],
    _ operation: Operation, _ communicator: MPICommunicator
  ) {
    self.values = values
    self.terms = terms
    self.operation = operation
    self.communicator = communicator
    for piece in pieces { send(piece) }
  }

  deinit {
    precondition(isShared && requests.isEmpty, "nobody waited for the \(operation)")
    for kept in counts { kept.deallocate() }
  }

  /// Starts to send each rank its slice of all ranks' terms.
  private func send(_ range: Range<Int>) {
    let size = communicator.size
    let slices = (0..<size).map { $0 * range.count / size..<($0 + 1) * range.count / size }
    let width = slices[communicator.rank].count
    let piece = Piece(
      slices: slices, start: range.lowerBound, received: Buffer(count: width * terms.allNodes.count))
    pieces.append(piece)
    let first = firstNodes
    for node in 0..<(terms.nodes.map(\.count).max() ?? 0) {
      let hasNode = terms.nodes.map { node < $0.count }
      let source = hasNode[communicator.rank] ? values[node].baseAddress! + range.lowerBound : nil
      let (sent, sentFrom) = (
        keep(slices.map { source == nil ? 0 : $0.count }), keep(slices.map(\.lowerBound))
      )
      let (taken, takenTo) = (
        keep(hasNode.map { $0 ? width : 0 }), keep(first.map { min($0 + node, terms.allNodes.count) * width })
      )
      requests.append(
        communicator.start(operation) {
          cmpi_exchange_floats(
            communicator.terms, source, sent, sentFrom, piece.received.pointer, taken, takenTo, $0)
        })
    }
  }

  /// The position of each rank's first node among the nodes of all ranks.
  private var firstNodes: [Int] {
    var end = 0
    return terms.nodes.map { nodes in
      defer { end += nodes.count }
      return end
    }
  }

  private func keep(_ values: [Int]) -> UnsafePointer<Int32> {
    let kept = UnsafeMutableBufferPointer<Int32>.allocate(capacity: values.count)
    _ = kept.initialize(from: values.map(Int32.init))
    counts.append(kept)
    return UnsafePointer(kept.baseAddress!)
  }

  /// Moves on what is under way, be it terms or sums, and says whether all of it has come.
  func haveCome() -> Bool {
    while !requests.isEmpty, communicator.test(&requests[0], operation) { requests.removeFirst() }
    return requests.isEmpty
  }

  /// Waits until all that is under way has come.
  func waitUntilCome() {
    while !requests.isEmpty {
      communicator.wait(for: &requests[0], operation)
      requests.removeFirst()
    }
  }

  /// Adds up this rank's slices and starts to share the sums.
  func shareSum() {
    isShared = true
    for piece in pieces {
      let width = piece.slices[communicator.rank].count
      let nodes = terms.allNodes.indices.map { piece.received.pointer + $0 * width }
      let sum = terms.total(nodes) { first, second in
        ck_add(first, second, first, width)
        return first
      }
      let (counts, offsets) = (keep(piece.slices.map(\.count)), keep(piece.slices.map(\.lowerBound)))
      requests.append(
        communicator.start(operation) {
          cmpi_gather_floats(
            communicator.results, sum, Int32(width), values[0].baseAddress! + piece.start, counts, offsets, $0)
        })
    }
  }

  func isDone() -> Bool {
    communicator.alone {
      communicator.advance()
      return isShared && haveCome()
    }
  }

  func wait() {
    communicator.alone {
      communicator.advance(through: self)
      waitUntilCome()
    }
  }
}
