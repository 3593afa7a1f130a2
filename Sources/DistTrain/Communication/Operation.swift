/// A collective operation as messages name it.
struct Operation: CustomStringConvertible {
  /// The how-manieth of its communicator: ranks that follow the same program give the same operation the same number.
  let number: Int
  let verb: StaticString
  /// How many of `unit`; nil where nothing is counted.
  let count: Int?
  let unit: StaticString
  /// The rank whose values all get, where there is one.
  let root: Int?

  var description: String {
    let amount = count.map { " of \($0) \(unit)" } ?? ""
    let origin = root.map { " from rank \($0)" } ?? ""
    return "\(verb)\(amount)\(origin) (operation \(number))"
  }
}
