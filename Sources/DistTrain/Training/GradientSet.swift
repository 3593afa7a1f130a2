internal import CKernels

/// The gradients of all parameters that travel through the encoder together, and their combination into one direction.
///
/// Each gradient has, for each of this rank's nodes of the sum tree, a flat buffer with the encoder's parameters first
/// and the classifier's after them. Where each rank holds a part of the classifier, that part's gradient is not summed
/// over ranks, and only the direction has a place for it.
package final class GradientSet {
  private let encoder: Range<Int>
  private let classifier: Range<Int>
  /// Whether the classifier's gradient is a sum over ranks.
  private let sumsClassifier: Bool
  /// The offsets at which the encoder's blocks begin.
  private let blocks: [Int]
  /// The buffers, gradient after gradient and node after node.
  private var buffers: [[Matrix]]
  /// The encoder's part of each gradient, summed over the micro-batches before; none where a batch is one.
  private let accumulated: [Matrix]
  /// The number of gradients that travelled in the last backward pass.
  private var travelled: Int
  /// The elements of the classifier's gradient that the last backward pass wrote, ascending, where this rank holds its
  /// parameters alone; nil for all. The others are 0.
  private(set) var written: [Range<Int>]?

  /// - Parameters:
  ///   - layout: the layout of all parameters, of which the first `encoder` elements are the encoder's.
  ///   - count: the number of gradients that travel together: one for each objective, or one for all.
  ///   - nodes: the number of this rank's nodes, of its rows of the batch or of a micro-batch, whichever are more.
  ///   - accumulates: whether batches have several micro-batches.
  ///   - sumsClassifier: whether the classifier's gradient is a sum over ranks.
  init(
    _ layout: ParameterLayout, encoder: Int, count: Int, nodes: Int, accumulates: Bool, sumsClassifier: Bool
  ) {
    self.encoder = 0..<encoder
    self.sumsClassifier = sumsClassifier
    classifier = encoder..<layout.count
    blocks = layout.blocks
    buffers = Array(repeating: [], count: count)
    accumulated = accumulates ? (0..<count).map { _ in Matrix(rows: 1, columns: encoder) } : []
    travelled = count
    clear(nodes: nodes)
  }

  /// The gradients after a backward pass, summed over ranks.
  package var sums: [Matrix] { buffers[..<travelled].map { $0[0] } }

  /// The direction that the parameters follow, after `combine`.
  var direction: Matrix { buffers[0][0] }

  /// Sets all elements to zero. The batches of a run have one size, but a batch may be given that has another.
  private func clear(nodes: Int) {
    for index in buffers.indices where buffers[index].count != nodes {
      buffers[index] = (0..<nodes).map { node in
        let hasClassifier = sumsClassifier || index == 0 && node == 0
        return Matrix.zeros(rows: 1, columns: hasClassifier ? classifier.upperBound : encoder.count)
      }
    }
    for buffer in buffers[..<travelled].joined() {
      buffer.pointer.update(repeating: 0, count: sumsClassifier ? buffer.count : encoder.count)
    }
    guard !sumsClassifier else { return }
    for range in classifierRanges { (direction.pointer + range.lowerBound).update(repeating: 0, count: range.count) }
  }

  /// The elements of the direction in which the classifier's gradient may be other than 0.
  private var classifierRanges: [Range<Int>] {
    guard let written else { return [classifier] }
    return written.map { classifier.lowerBound + $0.lowerBound..<classifier.lowerBound + $0.upperBound }
  }

  /// Sends gradients of embeddings through the encoder and sums those of the parameters over ranks, bucket after bucket
  /// as they become final, and over micro-batches in their order.
  /// - Parameters:
  ///   - embeddings: the gradients of the embeddings: one for each buffer, or one for all objectives.
  ///   - owner: the pullback to the classifier's parameters, with the objective that it belongs to.
  ///   - pass: the pass of all rows of the batch.
  func backward(
    _ embeddings: [Matrix], _ encoding: BatchEncoding,
    classifier owner: (objective: Int, pullback: ClassifierPullback)?, _ pass: BatchPass
  ) {
    precondition(
      embeddings.count == buffers.count || embeddings.count == 1,
      "\(embeddings.count) gradients for \(buffers.count) buffers")
    precondition(owner.map { $0.pullback.isWhole != sumsClassifier } ?? true, "the classifier decides on its sums")
    travelled = embeddings.count
    clear(nodes: ([pass] + encoding.passes).map(\.rows.units.nodes.count).max() ?? 1)
    written = owner?.pullback.written
    for (index, part) in encoding.passes.enumerated() {
      let buckets = buckets(of: part)
      if index == 0, let owner { start(owner, pass, buckets) }
      encoding.sendBack(index, embeddings, part.backward(nodes(part), buckets))
      pass.clock.within(.communicate) { buckets.finish() }
      pass.clock.overlapped += buckets.overlappedSeconds
      if encoding.passes.count > 1 { accumulate(index, of: encoding.passes.count) }
    }
    if let owner, sumsClassifier { owner.pullback.finish(sums[buffer(of: owner.objective)].columns(classifier)) }
  }

  /// The buffers of the gradients that travel, one for each node of a pass's rows.
  private func nodes(_ pass: BatchPass) -> [[Matrix]] {
    buffers[..<travelled].map { Array($0[..<pass.rows.units.nodes.count]) }
  }

  /// The sums over ranks of the encoder's gradients of a pass's rows.
  private func buckets(of pass: BatchPass) -> GradientBuckets {
    GradientBuckets(
      nodes(pass), of: pass.rows.shares, encoder: encoder.count, blocks: blocks, communicator: pass.communicator
    ) { [clock = pass.clock] in clock.spent(.backward) }
  }

  /// Computes the classifier's gradient of all rows and starts its sum over ranks.
  private func start(
    _ owner: (objective: Int, pullback: ClassifierPullback), _ pass: BatchPass, _ buckets: GradientBuckets
  ) {
    guard sumsClassifier else { return owner.pullback.add([direction.columns(classifier)]) }
    let buffers = nodes(pass)[buffer(of: owner.objective)]
    owner.pullback.add(buffers.map { $0.columns(classifier) })
    pass.clock.within(.communicate) { buckets.start(classifier, of: buffers, pass.rows.shares) }
  }

  /// Adds the gradients of a micro-batch to those before. Those of the last take the sum, and the others leave zeros.
  private func accumulate(_ index: Int, of count: Int) {
    for (total, nodes) in zip(accumulated, buffers[..<travelled]) {
      let sum = nodes[0].columns(encoder)
      guard index < count - 1 else {
        total.view.add(to: sum)
        continue
      }
      index == 0 ? sum.copy(to: total.view) : sum.add(to: total.view)
      for node in nodes { node.pointer.update(repeating: 0, count: encoder.count) }
    }
  }

  /// Sets the gradients of parameters that a step leaves as they are to zero, so that they count neither in dot
  /// products nor in lengths.
  func leaveOut(_ frozen: GroupedParameters.Frozen) {
    for (sum, range) in sums.flatMap({ sum in frozen.parameters.map { (sum, $0.clamped(to: 0..<sum.count)) } }) {
      (sum.pointer + range.lowerBound).update(repeating: 0, count: range.count)
    }
  }

  /// The buffer that holds an objective's part: its own, or the one for all.
  private func buffer(of objective: Int) -> Int { travelled == 1 ? 0 : objective }

  /// Computes the direction of all parameters. The encoder's is the combination of the gradients, unless they travelled
  /// as one, and the classifier's is the gradient of its objective times a weight.
  func combine(_ weights: [Double], classifier owner: (objective: Int, weight: Double)?) {
    if travelled > 1 {
      Self.combine(sums.map { UnsafePointer($0.pointer) }, weights, into: direction.pointer, count: encoder.count)
    }
    if let owner {
      let gradient = sumsClassifier ? sums[buffer(of: owner.objective)] : direction
      for range in classifierRanges {
        ck_affine(
          gradient.pointer + range.lowerBound, direction.pointer + range.lowerBound, range.count, Float(owner.weight), 0
        )
      }
    }
  }

  /// Shortens the direction of the encoder and that of the classifier, each by itself.
  /// - Parameter classifierLength: gives the length of the classifier's direction over all ranks that hold a part of it,
  ///   and is told which of its elements may be other than 0; nil where every rank holds it whole.
  /// - Returns: the lengths of both before.
  func clip(to limit: Double?, classifierLength: (MatrixView, [Range<Int>]?) -> Double?) -> [Double] {
    let length =
      classifierLength(direction.columns(classifier), written) ?? GradientClipping.norm(direction, classifier)
    for range in classifierRanges { GradientClipping.clip(direction, range, of: length, to: limit) }
    return [GradientClipping.clip(direction, encoder, to: limit), length]
  }

  /// The gradients of all parameters after a backward pass that one rank made: zeros for those of a classifier that an
  /// objective does not train.
  /// - Parameter owner: the objective that trains it.
  func wholeSums(classifier owner: Int?) -> [Matrix] {
    if sumsClassifier { return sums }
    return sums.enumerated().map { index, sum in
      let whole = Matrix.zeros(rows: 1, columns: classifier.upperBound)
      sum.columns(encoder).copy(to: whole.columns(encoder))
      if index == owner { direction.columns(classifier).copy(to: whole.columns(classifier)) }
      return whole
    }
  }

  /// The dot products of the encoder's gradients with one another.
  func gram() -> [[Double]] {
    let sums = sums
    return Self.matrix(Self.pairs(sums.count).map { Self.dot(sums[$0], sums[$1], encoder) })
  }

  /// The dot products of the embeddings' gradients with one another, over all ranks' rows.
  static func gram(_ embeddings: [Matrix], _ pass: BatchPass) -> [[Double]] {
    let pairs = pairs(embeddings.count)
    let products = pass.rows.units.ranges(of: embeddings[0].count).flatMap { range in
      pairs.map { dot(embeddings[$0], embeddings[$1], range) }
    }
    return matrix(pass.total(products, width: pairs.count))
  }

  /// The weighted sum of the embeddings' gradients.
  static func combined(_ embeddings: [Matrix], _ weights: [Double]) -> Matrix {
    let result = Matrix(rows: embeddings[0].rows, columns: embeddings[0].columns)
    combine(embeddings.map { UnsafePointer($0.pointer) }, weights, into: result.pointer, count: result.count)
    return result
  }

  /// Computes a weighted sum, of two parts at once and of the others one after another. The result may use the memory
  /// of the first part.
  private static func combine(
    _ parts: [UnsafePointer<Float>], _ weights: [Double], into result: UnsafeMutablePointer<Float>, count: Int
  ) {
    guard parts.count > 1 else { return ck_affine(parts[0], result, count, Float(weights[0]), 0) }
    ck_combine(parts[0], parts[1], result, count, Float(weights[0]), Float(weights[1]))
    for (part, weight) in zip(parts, weights).dropFirst(2) { ck_combine(result, part, result, count, 1, Float(weight)) }
  }

  /// All pairs of so many indices, each with itself included: (0, 0), (0, 1) … (1, 1) …
  private static func pairs(_ count: Int) -> [(Int, Int)] {
    (0..<count).flatMap { one in (one..<count).map { (one, $0) } }
  }

  /// The symmetric matrix of numbers in the order of `pairs`.
  private static func matrix(_ products: [Double]) -> [[Double]] {
    let count = Int((2 * Double(products.count)).squareRoot())
    var matrix = Array(repeating: Array(repeating: 0.0, count: count), count: count)
    for ((one, other), product) in zip(pairs(count), products) {
      matrix[one][other] = product
      matrix[other][one] = product
    }
    return matrix
  }

  private static func dot(_ one: Matrix, _ other: Matrix, _ range: Range<Int>) -> Double {
    ck_dot(one.pointer + range.lowerBound, other.pointer + range.lowerBound, range.count)
  }
}
