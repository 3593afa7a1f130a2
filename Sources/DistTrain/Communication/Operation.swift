/// A collective operation, with the name that messages give it.
struct Operation: CustomStringConvertible {
  /// The number of the operation within its communicator, from 1. Ranks that follow the same program give the same
  /// operation the same number.
  let number: Int
  let verb: StaticString
  /// The number of `unit`s; nil where nothing is counted.
  let count: Int?
  let unit: StaticString
  /// The rank whose values all ranks get, where there is one.
  let root: Int?

  var description: String {
    let amount = count.map { " of \($0) \(unit)" } ?? ""
    let origin = root.map { " from rank \($0)" } ?? ""
    return "\(verb)\(amount)\(origin) (operation \(number))"
  }
}
