import DistTrain
import Testing

/// The gradients of a layout's parameters as a backward pass called them final, beside what they were in the end.
final class FinalGradients {
  private let layout: EncoderLayout
  private let buffers: [Matrix]
  private var seen: [(offset: Int, gradients: [[Float]])] = []

  /// - Parameter buffers: to which the pass adds, one for each objective.
  init(_ layout: EncoderLayout, _ buffers: [Matrix]) {
    self.layout = layout
    self.buffers = buffers
  }

  /// Takes what a pass says is final.
  func note(_ offset: Int) { seen.append((offset, buffers.map { Array($0.elements[offset...]) })) }

  /// How often something was called final.
  var count: Int { seen.count }

  /// The offsets that were called final before they were, once the pass is done.
  var early: [Int] {
    seen.filter { offset, gradients in gradients != buffers.map { Array($0.elements[offset...]) } }.map(\.offset)
  }

  /// Holds that what was called final stayed as it was, and that each parameter's gradients were, on the way.
  func check() {
    let offsets = seen.map(\.offset)
    #expect(early.isEmpty)
    #expect(offsets == offsets.sorted(by: >))
    #expect(offsets.last == (layout.parameters.count == 0 ? nil : 0))
  }
}
