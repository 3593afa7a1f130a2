/// The contents of /proc/cpuinfo.
package struct ProcessorInformation: Equatable {
  /// The name of the processor; nil where the kernel gives none, as on most ARM machines.
  package var model: String?
  /// The instruction sets and other features, by the kernel's names.
  package var features: Set<String> = []
  /// The core of each hardware thread that is online. Cores are numbered in the order in which they appear.
  package var cores: [Int: Int] = [:]

  /// Reads the lines that have a known form; others are skipped.
  package init(_ text: String) {
    var numbers: [String: Int] = [:]
    for block in Self.blocks(text) {
      model = model ?? block["model name"]
      let words = block["flags"] ?? block["Features"] ?? ""
      if features.isEmpty { features = Set(words.split(separator: " ").map(String.init)) }
      guard let thread = block["processor"].flatMap({ Int($0) }) else { continue }
      // Cores of two packages may have the same number.
      let key = block["core id"].map { "\(block["physical id"] ?? "0")/\($0)" } ?? "thread \(thread)"
      let core = numbers[key] ?? numbers.count
      numbers[key] = core
      cores[thread] = core
    }
  }

  /// The fields of each processor.
  private static func blocks(_ text: String) -> [[String: String]] {
    var blocks: [[String: String]] = [[:]]
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      guard let colon = line.firstIndex(of: ":") else {
        if line.allSatisfy(\.isWhitespace) { blocks.append([:]) }
        continue
      }
      let name = trimmed(line[..<colon])
      // Some kernels leave no empty line between processors.
      if name == "processor", blocks[blocks.count - 1][name] != nil { blocks.append([:]) }
      blocks[blocks.count - 1][name] = trimmed(line[line.index(after: colon)...])
    }
    return blocks
  }

  private static func trimmed(_ text: Substring) -> String {
    text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
  }
}
