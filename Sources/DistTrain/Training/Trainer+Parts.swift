internal import CKernels

/// What a rank holds a part of: the prototypes that ranks share, and what the optimiser remembers of them.
extension Trainer {
  /// Whether other ranks hold parts of the classifier.
  var isSharedOut: Bool { (plan.objectives.pieces?.holders ?? 1) > 1 }

  /// The length of a row like the classifier's parameters, over all ranks' parts; nil where every rank has it whole.
  /// All ranks call this together.
  /// - Parameter written: the elements that may be other than 0, ascending, each range within a piece; nil for all.
  func sharedLength(of row: MatrixView, _ written: [Range<Int>]?) -> Double? {
    guard let pieces = plan.objectives.pieces else { return nil }
    var rest = written?[...]
    let squares = pieces.own.map { piece in
      let rows = pieces.ownRows(of: piece)
      let all = rows.lowerBound * encoder.dimensions..<rows.upperBound * encoder.dimensions
      let some = rest?.prefix { $0.upperBound <= all.upperBound } ?? [all]
      rest = rest?.dropFirst(some.count)
      return some.reduce(0) { $0 + ck_dot(row.pointer + $1.lowerBound, row.pointer + $1.lowerBound, $1.count) }
    }
    return pieces.total(squares, over: communicator).squareRoot()
  }

  /// Collects on rank 0, for a checkpoint, the tensors of which each rank holds a part; none where there are none. All
  /// ranks call this together.
  ///
  /// They go through a file, block by block, because rank 0 need not have the memory for the parts of all. It has no
  /// name any more when this returns.
  /// - Parameter path: the file's path, on rank 0.
  /// - Returns: on rank 0 the tensors, by the names that they have in a checkpoint, or the failure of the file; no tensors
  ///   on other ranks.
  package func collectParts(at path: String) -> Result<[NamedTensor], Failure> {
    guard isSharedOut, let pieces = plan.objectives.pieces, let own = layout.parameters.last else {
      return .success([])
    }
    let counts = (0..<pieces.holders).map { pieces.rows(of: pieces.pieces(of: $0)).count * encoder.dimensions }
    var file = PartsFile(communicator.rank == 0 ? path : nil)
    var tensors = [(name: own.name, shape: own.wholeShape)]
    collect(parameters, counts: counts, in: &file)
    for (name, values) in optimizer.state {
      file.write(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(values.elements)[..<(4 * own.offset)]))
      collect(values, counts: counts, in: &file)
      tensors.append((name, [1, layout.wholeCount]))
    }
    return file.tensors(tensors)
  }

  /// Writes the classifier's part of all ranks' rows.
  /// - Parameter counts: the number of elements of each rank's part.
  private func collect(_ values: Matrix, counts: [Int], in file: inout PartsFile) {
    let size = 1 << 20
    let block = Matrix(rows: 1, columns: min(size, counts.max() ?? 0))
    let first = encoder.layout.parameters.count
    for (holder, count) in counts.enumerated() {
      for start in stride(from: 0, to: count, by: size) {
        let part = UnsafeMutableBufferPointer(rebasing: block.elements[..<min(size, count - start)])
        if holder == communicator.rank {
          _ = part.update(fromContentsOf: values.elements[(first + start)...].prefix(part.count))
        }
        // Rank 0 has its own part.
        if holder > 0 { communicator.broadcast(UnsafeMutableRawBufferPointer(part), from: holder) }
        file.write(UnsafeRawBufferPointer(part))
      }
    }
  }
}

/// A file of floats that is written on one rank and then mapped. Once it has failed, it takes no more.
private struct PartsFile {
  private var file: OutputFile?
  private var failure: Failure?

  /// - Parameter path: the file's path; nil on a rank that writes nothing.
  init(_ path: String?) {
    guard let path else { return }
    attempt { $0 = try OutputFile(path: path) }
  }

  private mutating func attempt(_ body: (inout OutputFile?) throws -> Void) {
    do {
      try body(&file)
    } catch {
      failure = failure ?? Failure(error)
    }
  }

  mutating func write(_ bytes: UnsafeRawBufferPointer) {
    guard failure == nil else { return }
    attempt { try $0?.write(bytes) }
  }

  /// Maps the file and takes its name away.
  /// - Parameter named: the tensors that it holds, one after the other.
  mutating func tensors(_ named: [(name: String, shape: [Int])]) -> Result<[NamedTensor], Failure> {
    guard let file else { return failure.map { .failure($0) } ?? .success([]) }
    defer { try? FileSystem.remove(file.path) }
    if let failure { return .failure(failure) }
    do {
      try file.finish(syncing: false)
      let block = try InputFile(path: file.path).mapped()
      var end = 0
      return .success(
        named.map { name, shape in
          defer { end += 4 * shape.reduce(1, *) }
          return NamedTensor(name: name, shape: shape, block: block, offset: end)
        })
    } catch {
      return .failure(Failure(error))
    }
  }
}
