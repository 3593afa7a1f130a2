/// The names that a source file declares and those that it uses, as far as words tell.
struct SwiftNames {
  /// A declaration that other files can name.
  struct Declaration {
    enum Kind { case type, member, initializer }
    let kind: Kind
    /// The types around it; none for a free function.
    let within: [String]
    /// An initialiser's is its first label.
    let name: String
  }

  /// Words in use: `A.B.c`, from the first that no point stands before, or `c` alone where one does.
  struct Use {
    let path: [String]
    let isMember: Bool
    /// The types around it.
    let within: [String]
    /// The first label of the call that it is.
    let label: String?
    let line: Int
  }

  private(set) var declarations: [Declaration] = []
  private(set) var uses: [Use] = []
  /// Names that mean something of the file's own: private declarations, local ones, parameters, also of generics, and
  /// parts of tuples.
  private(set) var ownNames: Set<String> = []
  /// Labels and names of arguments, parameters and parts of tuples.
  private(set) var labels: Set<String> = []
  var words: Set<String> { Set(tokens.map(\.text)) }

  /// The scope that a brace opened.
  private struct Scope {
    /// The types around what stands in it.
    var path: [String]
    /// Whether it is the body of a type or an extension, whose declarations others can name.
    var isType = false
    var isPrivate = false
  }

  private let tokens: [SwiftTokens.Token]
  private var scopes = [Scope(path: [], isType: true)]
  /// The scope of the next brace.
  private var pending: Scope?

  init(_ source: String) {
    tokens = SwiftTokens(source).tokens
    for index in tokens.indices { read(index) }
  }

  private var scope: Scope { scopes[scopes.count - 1] }

  private func text(_ index: Int) -> String { tokens.indices.contains(index) ? tokens[index].text : "" }

  private func isWord(_ index: Int) -> Bool { tokens.indices.contains(index) && tokens[index].isWord }

  private mutating func read(_ index: Int) {
    switch text(index) {
    case _ where isLabel(index):
      labels.insert(text(index))
      own(index)
    case "{":
      scopes.append(pending ?? Scope(path: scope.path))
      pending = nil
      readParameters(ofClosureAt: index)
    case "}": if scopes.count > 1 { scopes.removeLast() }
    case _ where text(index - 1) == ".": readUse(index)
    case "struct", "enum", "protocol", "class", "actor", "typealias", "associatedtype": readType(index)
    case "extension":
      pending = Scope(path: path(from: index + 1), isType: true, isPrivate: isPrivate(index))
    case "func", "let", "var": readMember(index)
    case "case": readCases(index)
    case "init" where scope.isType && text(index + 1) == "(": declare(.initializer, text(index + 2), index)
    case "for": for word in index + 1..<(tokens[index...].firstIndex { $0.text == "in" } ?? index + 1) { own(word) }
    default: readUse(index)
    }
  }

  private mutating func own(_ index: Int) { if isWord(index) { ownNames.insert(text(index)) } }

  private mutating func declare(_ kind: Declaration.Kind, _ name: String, _ keyword: Int) {
    if !scope.isType || scope.isPrivate || isPrivate(keyword) {
      ownNames.insert(name)
    } else {
      declarations.append(Declaration(kind: kind, within: scope.path, name: name))
    }
  }

  /// Whether one of the modifiers before a keyword keeps its declaration to the file.
  private func isPrivate(_ keyword: Int) -> Bool {
    var index = keyword - 1
    while Self.modifiers.contains(text(index)) {
      if text(index).hasSuffix("private"), text(index + 1) != "(" { return true }
      index -= 1
    }
    return false
  }

  private static let modifiers: Set = [
    "private", "fileprivate", "package", "public", "internal", "open", "(", "set", ")", "static", "class", "final",
    "mutating", "nonmutating", "override", "convenience", "required", "nonisolated", "unsafe", "indirect", "lazy",
    "weak", "unowned", "consuming", "borrowing",
  ]

  private mutating func readType(_ index: Int) {
    let isDeclaration = isWord(index + 1) && !["func", "var", "let", "subscript"].contains(text(index + 1))
    guard isDeclaration else { return }
    let name = text(index + 1)
    readGenerics(at: index + 2)
    let isHidden = !scope.isType || scope.isPrivate || isPrivate(index)
    declare(.type, name, index)
    if text(index) == "typealias" || text(index) == "associatedtype" { return }
    pending = Scope(path: scope.path + [name], isType: true, isPrivate: isHidden)
  }

  private mutating func readMember(_ index: Int) {
    if text(index + 1) == "(" {
      var part = index + 2
      while part < tokens.count, text(part) != ")" {
        own(part)
        part += 1
      }
    } else if isWord(index + 1) {
      declare(.member, text(index + 1), index)
      readGenerics(at: index + 2)
    }
  }

  /// `<A, B: P<C>>` behind a declaration's name.
  private mutating func readGenerics(at start: Int) {
    guard text(start) == "<" else { return }
    var depth = 0
    for index in start..<tokens.count {
      if text(index) == "<" { depth += 1 }
      if text(index) == ">" { depth -= 1 }
      if depth == 0 { return }
      if depth == 1, ["<", ","].contains(text(index)) { own(index + 1) }
    }
  }

  /// `case a, b(Int)` of an enumeration.
  private mutating func readCases(_ index: Int) {
    guard scope.isType else { return }
    var depth = 0
    for next in index + 1..<tokens.count where tokens[next].line == tokens[index].line {
      if text(next) == "(" { depth += 1 }
      if text(next) == ")" { depth -= 1 }
      if depth == 0, isWord(next), next == index + 1 || text(next - 1) == "," { declare(.member, text(next), index) }
    }
  }

  /// `{ a, (b, c) in`
  private mutating func readParameters(ofClosureAt brace: Int) {
    var end = brace + 1
    while end < tokens.count, tokens[end].line == tokens[brace].line, !["in", "{", "}"].contains(text(end)) { end += 1 }
    guard text(end) == "in", text(brace + 1) != "for" else { return }
    for index in brace + 1..<end where ["{", ",", "("].contains(text(index - 1)) { own(index) }
  }

  /// The words of `A.B.c` from an index on.
  private func path(from start: Int) -> [String] {
    var path = [text(start)]
    var index = start + 1
    while text(index) == ".", isWord(index + 1) {
      path.append(text(index + 1))
      index += 2
    }
    return path
  }

  private mutating func readUse(_ index: Int) {
    guard isWord(index) else { return }
    let keywords = [
      "struct", "enum", "protocol", "class", "actor", "typealias", "associatedtype", "func", "let", "var",
    ]
    if keywords.contains(text(index - 1)), text(index - 2) != "." { return }
    let isMember = text(index - 1) == "."
    let path = isMember ? [text(index)] : path(from: index)
    let end = index + 2 * (path.count - 1) + 1
    let label = text(end) == "(" && isWord(end + 1) && text(end + 2) == ":" ? text(end + 1) : nil
    uses.append(Use(path: path, isMember: isMember, within: scope.path, label: label, line: tokens[index].line))
  }

  /// Whether it is the label or the name of an argument, a parameter or a part of a tuple.
  private func isLabel(_ index: Int) -> Bool {
    guard isWord(index), text(index).first?.isUppercase != true else { return false }
    if ["(", ","].contains(text(index - 1)) {
      return text(index + 1) == ":" || isWord(index + 1) && text(index + 2) == ":"
    }
    return text(index + 1) == ":" && isWord(index - 1) && ["(", ","].contains(text(index - 2))
  }
}
