/// An exponential moving average of an encoder's parameters over the steps, with which it is evaluated in place of the
/// parameters themselves: a ← d·a + (1 − d)·p after each step (Tarvainen and Valpola 2017, section 2).
///
/// The running statistics are averaged alike: the averaged encoder's activations are nearer to those of the encoders that
/// it is the average of than to the newest one's. Up to the step at which it begins, the average is a copy.
package struct MovingAverage: Sendable {
  /// What is averaged, and since when.
  package struct Rule: Sendable, Equatable {
    /// The share d of the average that stays in a step; 0 for the parameters themselves.
    package let decay: Double
    /// The number of steps after which the average begins, as a copy.
    package let from: Int

    package init(decay: Double, from: Int) {
      self.decay = decay
      self.from = from
    }
  }

  package let rule: Rule
  /// The averaged parameters of the encoder, in one row.
  package let parameters: Matrix
  /// The averaged running statistics, in one row.
  package let statistics: Matrix

  /// An average of an encoder of so many parameters and running statistics; its values are undefined before `copy`.
  package init(_ rule: Rule, parameters: Int, statistics: Int) {
    self.rule = rule
    self.parameters = Matrix(rows: 1, columns: parameters)
    self.statistics = Matrix(rows: 1, columns: statistics)
  }

  /// Begins anew with copies.
  /// - Parameter parameters: a row that begins with the encoder's parameters.
  package func copy(_ parameters: Matrix, _ statistics: Matrix) {
    self.parameters.pointer.update(from: parameters.pointer, count: self.parameters.count)
    self.statistics.pointer.update(from: statistics.pointer, count: self.statistics.count)
  }

  /// Takes the parameters and running statistics after a step into account.
  /// - Parameters:
  ///   - parameters: a row that begins with the encoder's parameters.
  ///   - step: the number of steps done.
  package func follow(_ parameters: Matrix, _ statistics: Matrix, step: Int) {
    guard step > rule.from else { return copy(parameters, statistics) }
    follow(parameters, into: self.parameters)
    follow(statistics, into: self.statistics)
  }

  /// Both products are in double precision and their sum is rounded once, so that values which stay the same stay the
  /// same in the average.
  private func follow(_ values: Matrix, into average: Matrix) {
    let (keep, take) = (rule.decay, 1 - rule.decay)
    let (a, p) = (SharedMemory(average.pointer), SharedMemory(values.pointer))
    inPieces(average.count) { range in
      for index in range { a[index] = Float(keep * Double(a[index]) + take * Double(p[index])) }
    }
  }
}
