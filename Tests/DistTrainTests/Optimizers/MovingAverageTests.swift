import DistTrain
import TestTools
import Testing

@Suite struct MovingAverageTests {
  private func row(_ values: [Float]) -> Matrix { Matrix(rows: 1, columns: values.count, values) }

  private func random(_ count: Int, item: Int) -> [Float] {
    var stream = RandomStream(seed: 5, purpose: .test, item: item)
    return (0..<count).map { _ in Float(stream.normal()) }
  }

  @Test func `it is a copy up to its first step, and then d·a + (1 − d)·p of the encoder alone`() {
    let average = MovingAverage(.init(decay: 0.75, from: 2), parameters: 2, statistics: 1)
    // The third number is the classifier's.
    average.copy(row([9, 9, 9]), row([9]))
    #expect(average.parameters.values == [9, 9] && average.statistics.values == [9])
    average.follow(row([1, 2, 7]), row([3]), step: 1)
    #expect(average.parameters.values == [1, 2] && average.statistics.values == [3])
    average.follow(row([4, -8, 7]), row([16]), step: 2)
    #expect(average.parameters.values == [4, -8] && average.statistics.values == [16])
    average.follow(row([8, 8, 7]), row([0]), step: 3)
    #expect(average.parameters.values == [5, -4] && average.statistics.values == [12])
    average.follow(row([1, 0, 7]), row([4]), step: 4)
    #expect(average.parameters.values == [4, -3] && average.statistics.values == [10])
  }

  @Test func `without decay it is the encoder itself`() {
    let average = MovingAverage(.init(decay: 0, from: 0), parameters: 300, statistics: 20)
    average.copy(row(random(300, item: 1)), row(random(20, item: 2)))
    for step in 1...3 {
      let (parameters, statistics) = (random(300, item: 10 + step), random(20, item: 20 + step))
      average.follow(row(parameters), row(statistics), step: step)
      #expect(average.parameters.values == parameters && average.statistics.values == statistics)
    }
  }

  @Test func `what stays the same stays the same in the average, to the last bit`() {
    let average = MovingAverage(.init(decay: 0.999, from: 0), parameters: 1000, statistics: 100)
    let (parameters, statistics) = (row(random(1000, item: 3)), row(random(100, item: 4)))
    average.copy(parameters, statistics)
    for step in 1...50 { average.follow(parameters, statistics, step: step) }
    #expect(average.parameters.values == parameters.values && average.statistics.values == statistics.values)
  }

  @Test func `after a jump it has taken 1 − dⁿ of the way in n steps, on any number of threads`() {
    // More than a thread's piece.
    let count = 200_000
    let average = MovingAverage(.init(decay: 0.9, from: 0), parameters: count, statistics: 1)
    average.copy(row([Float](repeating: 0, count: count)), row([0]))
    let (parameters, statistics) = (row([Float](repeating: 1, count: count)), row([1]))
    ThreadTeam.shared.grow(to: 3)
    for step in 1...10 { average.follow(parameters, statistics, step: step) }
    let expected: Float = 1 - 0.3486784401
    let values = average.parameters.values
    #expect(abs(values[0] - expected) < 1e-6)
    #expect(Set(values).count == 1 && average.statistics.values == [values[0]])
  }
}
