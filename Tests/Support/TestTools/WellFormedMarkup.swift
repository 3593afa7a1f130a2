/// Whether the tags of XML, or of HTML that closes all of its tags, are closed in the order in which they were opened.
package func isWellFormed(_ markup: String) -> Bool {
  var open: [Substring] = []
  for part in markup.split(separator: "<").drop(while: { $0.allSatisfy(\.isWhitespace) }) {
    guard let end = part.firstIndex(of: ">") else { return false }
    let tag = part[..<end]
    // Quotes within a tag come in pairs, so that no text has ended an attribute.
    guard tag.count(where: { $0 == "\"" }) % 2 == 0 else { return false }
    if tag.hasPrefix("!") || tag.hasSuffix("/") { continue }
    guard tag.hasPrefix("/") else {
      open.append(tag.prefix { !$0.isWhitespace })
      continue
    }
    if open.popLast() != tag.dropFirst() { return false }
  }
  return open.isEmpty
}
