import DistTrain
import Testing

@Suite struct ParameterGroupsTests {
  private static func layouts() -> (all: ParameterLayout, encoder: EncoderLayout) {
    var encoder = EncoderLayout()
    for name in ["layer1", "layer10"] {
      _ = encoder.scope(name) {
        $0.parameter("weight", shape: [2], initialisation: .constant(1), decays: true)
      }
      _ = BatchNormalization("\(name).bn", channels: 1, layout: &encoder)
    }
    var all = encoder.parameters
    _ = all.add("projection.weight", shape: [3], initialisation: .constant(1), decays: true)
    return (all, encoder)
  }

  private static func grouped(_ groups: ParameterGroups) -> GroupedParameters {
    let (all, encoder) = layouts()
    return GroupedParameters(groups, all, encoder: encoder)
  }

  @Test func `a part holds tensors by whole words of their names`() {
    for (part, name, expected) in [
      ("layer1", "layer1.weight", true), ("layer1", "layer10.weight", false), ("layer1.", "layer1.weight", true),
      ("layer1.weight", "layer1.weight", true), ("layer1.weight.x", "layer1.weight", false), ("lay", "layer1", false),
      ("classification", "classification.projection.weight", true),
    ] {
      #expect(ParameterGroups.holds(part, name) == expected, "\(part) \(name)")
    }
  }

  @Test func `frozen parts have no rate until they are freed, and then the number of their own updates`() {
    let (all, _) = Self.layouts()
    let groups = Self.grouped(ParameterGroups(frozen: ["layer1"], unfreeze: 3))
    let frozen = groups.frozen(at: 2)
    #expect(frozen.parameters == [0..<4] && frozen.statistics == [0, 1] && frozen.statisticRanges == [0..<2])
    #expect(groups.frozen(at: 3).parameters.isEmpty && groups.frozen(at: 3).statistics.isEmpty)
    let (first, last) = (all.parameters[0], all.parameters[6])
    #expect(groups.rate(of: first, learningRate: 0.5, at: 2) == nil)
    #expect(groups.rate(of: first, learningRate: 0.5, at: 3) == UpdateRate(0.5, mostUpdates: 1))
    #expect(groups.rate(of: first, learningRate: 0.5, at: 7) == UpdateRate(0.5, mostUpdates: 5))
    #expect(groups.rate(of: last, learningRate: 0.5, at: 2) == UpdateRate(0.5))
    #expect(Self.grouped(ParameterGroups(frozen: ["layer1"])).frozen(at: 1_000_000).parameters == [0..<4])
  }

  @Test func `the factor of the longest part counts, and the classifier has one of its own`() {
    let (all, _) = Self.layouts()
    let groups = Self.grouped(
      ParameterGroups(factors: ["layer10": 0.5, "layer10.bn": 0.25, "classification": 4]))
    let rates = all.parameters.map { groups.rate(of: $0, learningRate: 2, at: 0)?.learningRate }
    #expect(rates == [2, 2, 2, 1, 0.5, 0.5, 8])
  }

  @Test(arguments: [false, true])
  func `a parameter that is freed follows as one that begins, and until then it and its memory stay`(isAdam: Bool) {
    var layout = ParameterLayout()
    let held = layout.add("held", shape: [2], initialisation: .constant(1), decays: true)
    _ = layout.add("other", shape: [2], initialisation: .constant(1), decays: true)
    func optimizer() -> any Optimizer {
      isAdam
        ? Adam(layout, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0.1, decoupled: false)
        : SGD(layout, momentum: 0.9, nesterov: true, weightDecay: 0.1)
    }
    let (start, gradient): ([Float], [Float]) = ([1, 2, 3, 4], [0.5, -0.25, 1, 2])
    let (one, values) = (optimizer(), Matrix(rows: 1, columns: 4, start))
    let gradients = Matrix(rows: 1, columns: 4, gradient)
    for _ in 0..<3 { one.update(values, gradient: gradients) { $0 == held ? nil : UpdateRate(0.1) } }
    #expect(Array(values.values[..<2]) == [1, 2] && values.values[2] != 3)
    for state in one.state { #expect(Array(state.values.values[..<2]) == [0, 0], "\(state.name)") }
    one.update(values, gradient: gradients) { UpdateRate(0.1, mostUpdates: $0 == held ? 1 : .max) }

    let (fresh, expected) = (optimizer(), Matrix(rows: 1, columns: 4, start))
    fresh.update(expected, gradient: gradients, learningRate: 0.1)
    #expect(values.values[..<2] == expected.values[..<2])
  }

  @Test(arguments: [false, true])
  func `elements that an update leaves out stay, and so does what is remembered of them`(isAdam: Bool) {
    var layout = ParameterLayout()
    _ = layout.add("other", shape: [1], initialisation: .constant(1), decays: true)
    let some = layout.add("some", shape: [5], initialisation: .constant(1), decays: true)
    func optimizer() -> any Optimizer {
      isAdam
        ? Adam(layout, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0.1, decoupled: true)
        : SGD(layout, momentum: 0.9, nesterov: false, weightDecay: 0.1)
    }
    let gradients = Matrix(rows: 1, columns: 6, [1, 2, 0.5, 3, -1, 4])
    let (all, part) = (optimizer(), optimizer())
    let values = [0, 1].map { _ in Matrix(rows: 1, columns: 6, [1, 2, 3, 4, 5, 6]) }
    for (optimizer, values) in zip([all, part], values) {
      optimizer.update(values, gradient: gradients, learningRate: 0.1)
    }
    let before = [values[1].values] + part.state.map(\.values.values)
    all.update(values[0], gradient: gradients, learningRate: 0.1)
    part.update(values[1], gradient: gradients) { parameter in
      var rate = UpdateRate(0.1)
      if parameter == some { rate.elements = [0..<1, 3..<5] }
      return rate
    }
    let after = [values[1].values] + part.state.map(\.values.values)
    let whole = [values[0].values] + all.state.map(\.values.values)
    for (index, kept) in before.enumerated() {
      for element in 0..<6 {
        let expected = [2, 3].contains(element) ? kept : whole[index]
        #expect(after[index][element] == expected[element])
        #expect(kept[element] != whole[index][element])
      }
    }
  }
}
