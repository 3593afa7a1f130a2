internal import CKernels

/// The sum of maps with weights of each row: y[r, t] = Σᵢ w[i, r] · xᵢ[r, ⌊t / sᵢ⌋], where the weights of a row are the
/// softmax over the maps of trained numbers, and a map with one frame for sᵢ of the sum's is read sᵢ times (Yakovlev et
/// al. 2024, "Reshape Dimensions Network for Speaker Recognition", section 2.2; wespeaker's `weigth1d` of
/// nearest-neighbour upsampling).
///
/// No map is copied, upsampled or reshaped: each is read in the shape that it has in memory, once, and a piece of a
/// sum's row stays in the first-level cache meanwhile. The sum of a single map is that map itself.
package struct WeightedMapSum: Sendable {
  /// A map of an encoder whose rows are summed.
  package struct Source: Sendable {
    /// The map, channels × (utterances · height · frames).
    package let values: MatrixView
    package let shape: MapRows
    /// The number of times that the sum's frames were halved to the map's.
    package let halvings: Int

    package init(_ values: MatrixView, _ shape: MapRows, halvings: Int = 0) {
      self.values = values
      self.shape = shape
      self.halvings = halvings
    }

    /// The elements of a row that a sum reads for a piece of its own frames.
    /// - Parameter frames: the number of frames of the sum.
    fileprivate func piece(
      _ piece: Range<Int>, row: Int, of utterance: Int, in map: MatrixView, frames: Int
    ) -> UnsafeMutablePointer<Float> {
      shape.line(row, of: utterance, in: map, frames: frames >> halvings) + piece.lowerBound >> halvings
    }
  }

  package struct Cache: Sendable {
    let sources: [Source]
    let shape: MapRows
    let utterances: Int
    let frames: Int
    /// The weights of the maps, rows × maps.
    let weights: Matrix
  }

  /// The number of maps.
  package let count: Int
  /// The number of rows of each map.
  package let rows: Int
  let weight: Parameter

  /// The most frames that are summed at a time.
  private static let length = 4096

  /// - Parameters:
  ///   - name: the name of the trained numbers [1, maps, rows, 1]. With one map they are stored but never change.
  ///   - maps: the number of maps.
  package init(_ name: String, maps: Int, rows: Int, layout: inout EncoderLayout) {
    count = maps
    self.rows = rows
    weight = layout.parameter(name, shape: [1, maps, rows, 1], initialisation: .constant(0), decays: true)
  }

  /// The sum of a single map.
  /// - Parameter name: the name of a 1 of shape [1, 1, 1, 1], which is stored but never changes.
  package init(ofOneMap name: String, rows: Int, layout: inout EncoderLayout) {
    count = 1
    self.rows = rows
    weight = layout.parameter(name, shape: [1, 1, 1, 1], initialisation: .constant(1), decays: false)
  }

  /// Computes the sum, channels × (utterances · height · frames).
  /// - Parameters:
  ///   - sources: the maps, at least one of which has as many frames as the sum.
  ///   - shape: the shape of the sum.
  ///   - frames: the number of frames of the sum, which all maps' halvings divide.
  package func forward(
    _ sources: [Source], as shape: MapRows, utterances: Int, frames: Int, _ pass: ForwardPass
  ) -> (output: MatrixView, cache: Cache) {
    check(sources, as: shape, utterances: utterances, frames: frames)
    let weights = weights(pass)
    let cache = Cache(sources: sources, shape: shape, utterances: utterances, frames: frames, weights: weights)
    if count == 1 { return (sources[0].values, cache) }
    let output = Matrix(rows: shape.channels, columns: utterances * shape.height * frames).view
    let coarsest = cache.coarsest
    inParallel(rows) { row in
      let room = Matrix(rows: coarsest, columns: Self.length / 2)
      for utterance in 0..<utterances {
        let target = shape.line(row, of: utterance, in: output, frames: frames)
        for piece in Self.pieces(frames) {
          write(cache, row: row, of: utterance, piece, room, to: target + piece.lowerBound)
        }
      }
    }
    return (output, cache)
  }

  private func check(_ sources: [Source], as shape: MapRows, utterances: Int, frames: Int) {
    precondition(sources.count == count, "\(count) maps expected, not \(sources.count)")
    precondition(shape.count == rows, "\(rows) rows expected, not \(shape.count)")
    precondition(count > 1 || sources[0].shape == shape, "a single map keeps its shape")
    for source in sources {
      let own = frames >> source.halvings
      precondition(source.shape.count == rows && own << source.halvings == frames, "a sum's shapes must fit")
      precondition(source.values.columns == utterances * source.shape.height * own, "a sum's shapes must fit")
    }
  }

  private static func pieces(_ frames: Int) -> [Range<Int>] {
    stride(from: 0, to: frames, by: length).map { $0..<min($0 + length, frames) }
  }

  /// The softmax over the maps of the trained numbers, rows × maps.
  private func weights(_ pass: ForwardPass) -> Matrix {
    let energies = pass.vector(weight)
    let weights = Matrix(rows: rows, columns: count)
    // That of a single map is 1, whatever is stored.
    guard count > 1 else {
      weights.pointer.update(repeating: 1, count: rows)
      return weights
    }
    for row in 0..<rows {
      for map in 0..<count { weights[row, map] = energies[map * rows + row] }
      ck_softmax(weights.row(row), count, 1)
    }
    return weights
  }

  /// Writes a piece of a row of the sum: of the maps with the fewest frames first, each twice as often as the next.
  /// - Parameter room: a row for each halving.
  private func write(
    _ cache: Cache, row: Int, of utterance: Int, _ piece: Range<Int>, _ room: Matrix,
    to target: UnsafeMutablePointer<Float>
  ) {
    let weights = cache.weights.row(row)
    var isEmpty = true
    for level in (0...cache.coarsest).reversed() {
      let sum = level == 0 ? target : room.row(level - 1)
      let frames = piece.count >> level
      if !isEmpty { ck_doubled(room.row(level), sum, frames / 2) }
      for (map, source) in cache.sources.enumerated() where source.halvings == level {
        let own = source.piece(piece, row: row, of: utterance, in: source.values, frames: cache.frames)
        if isEmpty {
          ck_affine(own, sum, frames, weights[map], 0)
        } else {
          ck_combine(own, sum, sum, frames, weights[map], 1)
        }
        isEmpty = false
      }
    }
  }

  /// Adds the gradient of the weights, and writes those of the maps.
  /// - Parameters:
  ///   - gradient: the gradient of the sum, channels × (objectives · utterances · height · frames).
  ///   - gradients: takes the gradient of each map, in the map's own shape for each objective after the other.
  ///   - adding: whether the maps' gradients are added to the values in their memory.
  package func backward(
    _ gradient: MatrixView, cache: Cache, into gradients: [MatrixView], adding: Bool, _ pass: BackwardPass
  ) {
    precondition(gradients.count == count, "a gradient for each of \(count) maps, not \(gradients.count)")
    guard count > 1 else {
      // The gradient of a single map is that of the sum.
      if adding { gradient.add(to: gradients[0]) } else { gradient.copy(to: gradients[0]) }
      for objective in 0..<pass.objectives { pass.add(to: weight, objective: objective) { _ in } }
      return
    }
    let units = pass.units.ranges(of: cache.utterances)
    let (objectives, size, coarsest) = (pass.objectives, count * rows, cache.coarsest)
    let shares = [Double](filling: objectives * units.count * size) { shares in
      inParallel(rows) { row in
        let room = Matrix(rows: coarsest, columns: Self.length / 2)
        for objective in 0..<objectives {
          for (unit, utterances) in units.enumerated() {
            let own = SharedMemory(shares.pointer + (objective * units.count + unit) * size + row)
            for utterance in utterances {
              take(gradient, cache, row: row, objective: objective, utterance, room, gradients, adding, own)
            }
            passThroughSoftmax(own, weights: cache.weights.row(row))
          }
        }
      }
    }
    for objective in 0..<objectives {
      pass.add(weight, objective: objective) { Float(shares[(objective * units.count + $0) * size + $1]) }
    }
  }

  /// Takes the gradient of a row of an utterance to all maps, and adds what it has in common with each map to `sums`,
  /// one number for each map, `rows` apart.
  private func take(
    _ gradient: MatrixView, _ cache: Cache, row: Int, objective: Int, _ utterance: Int, _ room: Matrix,
    _ gradients: [MatrixView], _ adding: Bool, _ sums: SharedMemory<Double>
  ) {
    let (weights, frames) = (cache.weights.row(row), cache.frames)
    let stacked = objective * cache.utterances + utterance
    let line = cache.shape.line(row, of: stacked, in: gradient, frames: frames)
    for piece in Self.pieces(frames) {
      var slope = line + piece.lowerBound
      for level in 0...cache.coarsest {
        let count = piece.count >> level
        if level > 0 {
          ck_pair_sums(slope, room.row(level - 1), count)
          slope = room.row(level - 1)
        }
        for (map, source) in cache.sources.enumerated() where source.halvings == level {
          let own = source.piece(piece, row: row, of: utterance, in: source.values, frames: frames)
          let target = source.piece(piece, row: row, of: stacked, in: gradients[map], frames: frames)
          sums[map * rows] += ck_dot(slope, own, count)
          if adding {
            ck_combine(slope, target, target, count, weights[map], 1)
          } else {
            ck_affine(slope, target, count, weights[map], 0)
          }
        }
      }
    }
  }

  /// Turns the gradients of a row's weights, `rows` apart, into those of the numbers whose softmax the weights are.
  private func passThroughSoftmax(_ sums: SharedMemory<Double>, weights: UnsafeMutablePointer<Float>) {
    let mean = (0..<count).reduce(0) { $0 + Double(weights[$1]) * sums[$1 * rows] }
    for map in 0..<count { sums[map * rows] = Double(weights[map]) * (sums[map * rows] - mean) }
  }
}

extension WeightedMapSum.Cache {
  /// The most halvings of a map.
  fileprivate var coarsest: Int { sources.reduce(0) { max($0, $1.halvings) } }
}

extension WeightedMapSum {
  /// Adds the sum of maps.
  /// - Parameter maps: the rows of the maps, [utterances, rows, frames], all with the sum's frames.
  /// - Returns: the rows of the sum.
  package func describe(_ maps: [EncoderGraph.Value], in graph: inout EncoderGraph) -> EncoderGraph.Value {
    if count == 1 { return maps[0] }
    let weights = graph.add("Softmax", graph.trained(weight), attributes: ["axis": 1])
    let parts = graph.split(weights, into: [Int](repeating: 1, count: count))
    let terms = zip(maps, parts).map { map, part in
      graph.add("Mul", map, graph.add("Squeeze", part, graph.integers(1)))
    }
    return terms.dropFirst().reduce(terms[0]) { graph.add("Add", $0, $1) }
  }
}
