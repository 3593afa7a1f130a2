import DistTrain
import Foundation

/// The damage that a list takes on its way from another machine, or by a slip of the hand.
enum OddBytes: CaseIterable {
  case none, carriageReturns, mark, blankLines, noLastEnd, doubledLine, lostField, addedField, flippedBit, hugeNumber
  case negativeNumber, invisible, cutShort

  /// Whether a list means the same afterwards.
  var isHarmless: Bool { [.none, .carriageReturns, .mark, .blankLines, .noLastEnd].contains(self) }

  func applied(to bytes: [UInt8], _ random: inout RandomStream) -> [UInt8] {
    let newline = UInt8(ascii: "\n")
    var lines = bytes.split(separator: newline, omittingEmptySubsequences: false).map { Array($0) }
    let line = random.below(lines.count)
    switch self {
    case .none: return bytes
    case .carriageReturns:
      return Array(bytes.split(separator: newline).joined(separator: [13, newline])) + [13, newline]
    case .mark: return [0xEF, 0xBB, 0xBF] + bytes
    case .blankLines: return bytes.flatMap { $0 == newline ? [newline, newline] : [$0] }
    case .noLastEnd: return bytes.last == newline ? bytes.dropLast() : bytes
    case .doubledLine: lines.insert(lines[line], at: line)
    case .lostField: lines[line] = Array(lines[line].prefix { $0 != UInt8(ascii: " ") })
    case .addedField: lines[line] += Array(" 1".utf8)
    case .flippedBit:
      guard !bytes.isEmpty else { return bytes }
      var bytes = bytes
      bytes[random.below(bytes.count)] ^= 1 << UInt8(random.below(8))
      return bytes
    case .hugeNumber: lines[line] = Self.replacingNumber(in: lines[line], by: "99999999999999999999999")
    case .negativeNumber: lines[line] = Self.replacingNumber(in: lines[line], by: "-1")
    case .invisible: lines[line] = Array("\u{200B}".utf8) + lines[line]
    case .cutShort: return Array(bytes.prefix(random.below(bytes.count + 1)))
    }
    return Array(lines.joined(separator: [newline]))
  }

  /// The line with its last field replaced.
  private static func replacingNumber(in line: [UInt8], by number: String) -> [UInt8] {
    guard let last = line.lastIndex(where: { [UInt8(ascii: " "), UInt8(ascii: ",")].contains($0) }) else { return line }
    return line[...last] + Array(number.utf8)
  }
}
