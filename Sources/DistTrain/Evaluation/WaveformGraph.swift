import Foundation

/// Features of waveforms as operations of a graph, so that who runs it needs no front end of its own.
extension FrontEnd {
  /// Adds the features of waveforms, without dither.
  ///
  /// Whatever is done to a frame before its powers are taken is linear: where the frame's mean is removed, this,
  /// pre-emphasis, window and Fourier transform are one matrix, which a convolution applies to every frame.
  /// - Parameter samples: [utterances, samples] of at least one frame, where full scale is ±1.
  /// - Returns: [utterances, bins, frames], with the mean over the frames removed where the settings say so.
  package func describe(_ samples: EncoderGraph.Value, in graph: inout EncoderGraph) -> EncoderGraph.Value {
    let frames = spectra(of: samples, in: &graph)
    let squares = graph.split(graph.add("Mul", frames, frames), into: [points / 2, points / 2])
    var power = graph.add("Add", squares[0], squares[1])
    if let range = bounds.power { power = graph.held(power, within: range) }
    let filters = graph.constant(
      "front_end.filters", shape: [bins, points / 2], triangles.matrix(frequencies: points / 2))
    var energy = graph.held(graph.add("MatMul", filters, power), within: bounds.energy)
    if bounds.offset != 0 { energy = graph.add("Add", energy, graph.number(bounds.offset)) }
    let logarithms = graph.add("Log", energy)
    let features = type == .speechbrain ? decibels(logarithms, in: &graph) : logarithms
    guard meanRemoval == .utterance else { return features }
    return graph.add("Sub", features, graph.add("ReduceMean", features, attributes: ["axes": [2]]))
  }

  /// The real parts of the frames' spectra before the imaginary ones, [utterances, points, frames].
  private func spectra(of samples: EncoderGraph.Value, in graph: inout EncoderGraph) -> EncoderGraph.Value {
    let isMirrored = type == .kaldi && edges == .mirror
    let framed =
      switch type {
      case .kaldi: isMirrored ? mirrored(samples, in: &graph) : samples
      case .tfmel: padded(standardized(samples, in: &graph), in: &graph)
      case .speechbrain: padded(samples, in: &graph)
      }
    let weights = graph.constant("front_end.spectrum", shape: [points, 1, length], spectrum)
    let spectra = graph.add(
      "Conv", graph.add("Unsqueeze", framed, graph.integers(1)), weights, attributes: ["strides": .numbers([shift])])
    guard isMirrored else { return spectra }
    let half = graph.add("Add", graph.add("Shape", samples, attributes: ["start": 1]), graph.integers(shift / 2))
    let count = graph.add("Div", half, graph.integers(shift))
    return graph.add("Slice", spectra, graph.integers(0), count, graph.integers(2))
  }

  /// The weights of a frame's samples in the parts of its spectrum, points × length.
  private var spectrum: [Float] {
    let window = weights
    let frequencies = 0..<points / 2
    return frequencies.flatMap { row(window, cos, $0) } + frequencies.flatMap { row(window, sin, $0) }
  }

  /// The weights of a frame's samples in a part of its spectrum at a frequency.
  private func row(_ window: [Double], _ wave: (Double) -> Double, _ frequency: Int) -> [Float] {
    let turn = 2 * Double.pi / Double(points)
    let waves = window.indices.map { window[$0] * wave(turn * Double(frequency * $0 % points)) }
    return (type == .kaldi ? shaped(waves) : waves).map { Float($0) }
  }

  /// What a sum of a frame's shaped samples with these weights multiplies the samples with: the way back through
  /// pre-emphasis, for which the first sample is its own predecessor, and the removal of the frame's mean.
  private func shaped(_ weights: [Double]) -> [Double] {
    var result = weights
    for index in 1..<weights.count { result[index - 1] -= preEmphasis * weights[index] }
    result[0] -= preEmphasis * weights[0]
    let mean = result.reduce(0, +) / Double(result.count)
    return result.map { $0 - mean }
  }

  /// The samples between what the ends mirror, at least as many as `framed` has.
  private func mirrored(_ samples: EncoderGraph.Value, in graph: inout EncoderGraph) -> EncoderGraph.Value {
    let before = length / 2 - shift / 2
    let (axis, back) = (graph.integers(1), graph.integers(-1))
    let tail = graph.add("Slice", samples, back, graph.integers(-1 - length), axis, back)
    guard before > 0 else { return graph.add("Concat", samples, tail, attributes: ["axis": 1]) }
    let beginning = graph.integers(-Int(Int32.max))
    let head = graph.add("Slice", samples, graph.integers(before - 1), beginning, axis, back)
    return graph.add("Concat", head, samples, tail, attributes: ["axis": 1])
  }

  /// The samples between the zeros at either end.
  private func padded(_ samples: EncoderGraph.Value, in graph: inout EncoderGraph) -> EncoderGraph.Value {
    graph.add("Pad", samples, graph.integers(0, zerosBeyondEnds, 0, zerosBeyondEnds))
  }

  /// The levels of logarithms of energies, [utterances, bins, frames], as `Decibels` has those of each utterance.
  private func decibels(_ logarithms: EncoderGraph.Value, in graph: inout EncoderGraph) -> EncoderGraph.Value {
    let levels = graph.add("Mul", logarithms, graph.number(Decibels.perLogarithm))
    let loudest = graph.add("ReduceMax", levels, attributes: ["axes": [1, 2]])
    return graph.add("Max", levels, graph.add("Sub", loudest, graph.number(Decibels.range)))
  }

  /// The samples as `StandardizedSamples` has them.
  private func standardized(_ samples: EncoderGraph.Value, in graph: inout EncoderGraph) -> EncoderGraph.Value {
    let centred = graph.add("Sub", samples, graph.add("ReduceMean", samples, attributes: ["axes": [1]]))
    let variance = graph.add("ReduceMean", graph.add("Mul", centred, centred), attributes: ["axes": [1]])
    let deviation = graph.add("Add", graph.add("Sqrt", variance), graph.number(1e-8))
    let scaled = graph.add("Div", centred, deviation)
    let (axis, first, second, last) = (graph.integers(1), graph.integers(0), graph.integers(1), graph.integers(-1))
    let own = graph.add("Slice", scaled, second, graph.integers(2), axis)
    let before = graph.add(
      "Concat", own, graph.add("Slice", scaled, first, last, axis), attributes: ["axis": 1])
    return graph.add("Sub", scaled, graph.add("Mul", before, graph.number(Float(preEmphasis))))
  }
}

extension EncoderGraph {
  /// The numbers, where they are beyond the range its ends.
  fileprivate mutating func held(_ value: Value, within range: ClosedRange<Float>) -> Value {
    let raised = add("Max", value, number(range.lowerBound))
    return range.upperBound.isFinite ? add("Min", raised, number(range.upperBound)) : raised
  }
}

extension GraphEncoder {
  /// The encoder with its front end as a graph: from `wav`, waveforms [utterances, samples] at 16 kHz, where full scale is
  /// ±1, to `embs`, the embeddings [utterances, dimensions].
  /// - Parameters:
  ///   - parameters: a flat matrix that begins with the encoder's parameters.
  ///   - statistics: a flat matrix of the encoder's running statistics.
  package func graph(behind frontEnd: FrontEnd, parameters: Matrix, statistics: Matrix) -> ONNXGraph {
    var graph = EncoderGraph(name: "encoder", parameters: parameters, statistics: statistics)
    let samples = graph.addInput("wav", shape: [.named("B"), .named("N")])
    let embeddings = describe(frontEnd.describe(samples, in: &graph), in: &graph)
    graph.addOutput("embs", embeddings, shape: [.named("B"), .count(dimensions)])
    return graph.operations
  }
}
