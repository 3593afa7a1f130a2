import DistTrain
import Testing

@Suite struct GradientBucketsTests {
  @Test func `Buckets are cut from the end and start as soon as they are final`() {
    let link = HeldLink()
    let gradients = [numbers(from: 0, count: 12), numbers(from: 100, count: 12)]
    let buckets = GradientBuckets(
      gradients.map { [$0] }, of: .ranks(1), encoder: 10, size: 4, communicator: link
    ) { 0 }
    buckets.start(10..<12, of: 0)
    #expect(link.started == [[10, 11]])
    buckets.finished(from: 7)
    #expect(link.started.count == 1)
    buckets.finished(from: 6)
    #expect(link.started.dropFirst() == [[6, 7, 8, 9], [106, 107, 108, 109]])
    buckets.finished(from: 5)
    buckets.finished(from: 1)
    #expect(link.started.dropFirst(3) == [[2, 3, 4, 5], [102, 103, 104, 105]])
    buckets.finish()
    #expect(link.started.dropFirst(5) == [[0, 1], [100, 101]])
    #expect(link.unfinished == 0)
  }

  @Test func `Sums of a block start with what is final after it, when it has freed its activations`() {
    let link = HeldLink()
    let buckets = GradientBuckets(
      [[numbers(from: 0, count: 10)]], of: .ranks(1), encoder: 10, size: 2, blocks: [0, 3, 6, 10], communicator: link
    ) { 0 }
    buckets.finished(from: 7)
    buckets.finished(from: 6)
    #expect(link.started.isEmpty)
    buckets.finished(from: 5)
    #expect(link.started == [[8, 9], [6, 7]])
    buckets.finished(from: 1)
    #expect(link.started.count == 2)
    buckets.finished(from: 0)
    #expect(link.started.dropFirst(2) == [[4, 5]])
    buckets.finish()
    #expect(link.started.dropFirst(3) == [[2, 3], [0, 1]])
    #expect(link.unfinished == 0)
  }

  @Test func `Blocks are what shares a first word and the numbers behind it`() {
    var layout = EncoderLayout()
    for (name, count) in [("conv", 2), ("layer1.0", 3), ("layer1.0.conv", 4), ("layer1.1", 5), ("pool.attention", 6)] {
      _ = layout.scope(name) { Linear("linear", inputs: count, outputs: 1, layout: &$0) }
    }
    #expect(layout.parameters.blocks == [0, 3, 3 + 4 + 5, 3 + 4 + 5 + 6])
    #expect(ParameterLayout().blocks.isEmpty)
  }

  @Test func `What an encoder never calls final is summed in the end, each element once`() {
    for size in [1, 3, 10, 64] {
      let link = HeldLink()
      let buckets = GradientBuckets(
        [[numbers(from: 0, count: 10)]], of: .ranks(1), encoder: 10, size: size, communicator: link
      ) { 0 }
      buckets.finish()
      #expect(link.started.joined().sorted() == (0..<10).map { Float($0) })
      #expect(link.unfinished == 0)
    }
  }

  @Test func `Time counts as overlapped while looks find a sum under way`() {
    let link = HeldLink()
    var now = 5.0
    let buckets = GradientBuckets(
      [[numbers(from: 0, count: 8)]], of: .ranks(1), encoder: 8, size: 4, communicator: link
    ) { now }
    now += 1
    buckets.look()
    #expect(buckets.overlappedSeconds == 0)
    buckets.finished(from: 4)
    #expect(buckets.overlappedSeconds == 0)
    now += 0.25
    buckets.look()
    #expect(buckets.overlappedSeconds == 0.25)
    now += 0.5
    buckets.finished(from: 0)
    #expect(buckets.overlappedSeconds == 0.75)
    // The first sum ends; two under way together count once.
    link.end(1)
    now += 2
    buckets.look()
    #expect(buckets.overlappedSeconds == 2.75)
    // Nobody saw when the last one ended.
    link.end(2)
    now += 4
    buckets.look()
    #expect(buckets.overlappedSeconds == 2.75)
    now += 8
    buckets.finish()
    #expect(buckets.overlappedSeconds == 2.75)
  }

  @Test func `One rank alone keeps its gradients and hides nothing`() {
    var now = 0.0
    let gradients = numbers(from: 0, count: 10)
    let buckets = GradientBuckets(
      [[gradients]], of: .ranks(1), encoder: 9, size: 2, communicator: SoleCommunicator()
    ) { now }
    buckets.start(9..<10, of: 0)
    for offset in [6, 3, 0] {
      now += 1
      buckets.finished(from: offset)
    }
    buckets.finish()
    #expect(gradients.values == (0..<10).map { Float($0) })
    #expect(buckets.overlappedSeconds == 0)
  }

  @Test(arguments: [true, false]) func `A delayed sum is under way until its time has come`(overlaps: Bool) {
    let communicator = DelayedCommunicator(SoleCommunicator(), delay: 0.05, overlaps: overlaps)
    let clock = ContinuousClock()
    let start = clock.now
    var values: [Float] = [1, 2]
    values.withUnsafeMutableBufferPointer { values in
      let sums = (1...2).map { _ in communicator.startSum([values], of: .ranks(1)) }
      if !overlaps { #expect(sums.allSatisfy { $0.isDone() }) }
      for sum in sums {
        sum.wait()
        #expect(sum.isDone())
      }
    }
    #expect(clock.now - start >= .milliseconds(100))
    #expect(values == [1, 2])
  }

  private func numbers(from first: Float, count: Int) -> Matrix {
    Matrix(rows: 1, columns: count, (0..<count).map { first + Float($0) })
  }
}
