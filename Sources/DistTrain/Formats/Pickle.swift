/// A value in a pickle. Classes and functions are names here: nothing of them is looked up or run.
enum PickleValue: Sendable, Equatable {
  case none
  case truth(Bool)
  case integer(Int)
  case real(Double)
  case text(String)
  /// Bytes, or a number of more than 64 bits: nothing here has a use for them.
  case unread
  /// The position of a list or tuple among those of the pickle.
  case list(Int)
  /// The position of a dictionary.
  case dictionary(Int)
  /// A class or function by its full name.
  case name(String)
  /// The position of what a call of a class or function would make.
  case object(Int)
  /// The position of the list by which the pickle names something that lies outside of it.
  case outside(Int)
}

/// What a pickle holds. Lists, dictionaries and objects lie beside each other, since several may name the same one, and
/// one may even hold itself.
struct Pickle: Sendable {
  /// What a class or function would make of arguments.
  struct Object: Sendable {
    /// The class or function.
    let name: String
    /// The position of the list of arguments.
    let arguments: Int
    /// The position of the dictionary of the items that were put into it.
    let items: Int
  }

  typealias Item = (key: PickleValue, value: PickleValue)

  var root = PickleValue.none
  var lists: [[PickleValue]] = []
  var dictionaries: [[Item]] = []
  var objects: [Object] = []

  /// The items of a dictionary, or of an ordered one; nil for anything else.
  func items(of value: PickleValue) -> [Item]? {
    switch value {
    case .dictionary(let position): dictionaries[position]
    case .object(let position) where objects[position].name == "collections.OrderedDict":
      dictionaries[objects[position].items]
    default: nil
    }
  }

  /// The arguments by which a class or function would make an object; nil for anything else.
  func arguments(of value: PickleValue, for name: String) -> [PickleValue]? {
    guard case .object(let position) = value, objects[position].name == name else { return nil }
    return lists[objects[position].arguments]
  }

  /// The whole numbers of a list; nil for anything else.
  func integers(of value: PickleValue) -> [Int]? {
    guard case .list(let position) = value else { return nil }
    let numbers = lists[position].compactMap { element -> Int? in
      guard case .integer(let number) = element else { return nil }
      return number
    }
    return numbers.count == lists[position].count ? numbers : nil
  }
}
