import DistTrain
import Testing

/// The gradients of a layout's parameters as a backward pass called them final, beside what they were in the end.
final class FinalGradients {
  private let layout: EncoderLayout
  private let buffers: [Matrix]
  /// The gradients that were new each time, up to what had been called final before.
  private var seen: [(range: Range<Int>, gradients: [[Float]])] = []

  /// - Parameter buffers: to which the pass adds, one for each objective.
  init(_ layout: EncoderLayout, _ buffers: [Matrix]) {
    self.layout = layout
    self.buffers = buffers
  }

  /// Takes what a pass says is final.
  func note(_ offset: Int) {
    let end = seen.last?.range.lowerBound ?? layout.parameters.count
    let range = offset..<max(offset, end)
    seen.append((range, buffers.map { Array($0.elements[range]) }))
  }

  /// The number of times that something was called final.
  var count: Int { seen.count }

  /// The offsets that were called final before they were, once the pass is done.
  var early: [Int] {
    seen.filter { range, gradients in gradients != buffers.map { Array($0.elements[range]) } }
      .map(\.range.lowerBound)
  }

  /// Holds that what was called final stayed as it was, and that each parameter's gradients were, on the way.
  func check() {
    let offsets = seen.map(\.range.lowerBound)
    #expect(early.isEmpty)
    #expect(offsets == offsets.sorted(by: >))
    #expect(offsets.last == (layout.parameters.count == 0 ? nil : 0))
  }
}
