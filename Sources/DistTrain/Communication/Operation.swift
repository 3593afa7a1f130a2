/// A collective operation as messages name it.
struct Operation: CustomStringConvertible {
  /// The how-manieth of its communicator: ranks that follow the same program give the same operation the same number.
  let number: Int
  let verb: StaticString
  /// How many of `unit`; nil where nothing is counted.
  let count: Int?
  let unit: StaticString

  var description: String {
    count.map { "\(verb) of \($0) \(unit) (operation \(number))" } ?? "\(verb) (operation \(number))"
  }
}
