import Foundation

/// A text list of a Kaldi data directory (`wav.scp`, `utt2spk`, …) with one entry a line, whose first field is a unique
/// key.
///
/// The list keeps the file's bytes and, for each line, the places of its parts: a line becomes text only when it is
/// asked for.
struct KaldiList: Sendable {
  struct Line {
    let number: Int
    fileprivate let keyBytes: ByteText
    fileprivate let restBytes: ByteText
    /// The block that holds both.
    fileprivate let block: ByteBlock

    var key: String { keyBytes.text }
    /// The text that follows the key, without the white space around it.
    var rest: String { restBytes.text }
    /// The fields of `rest`, cut at bytes, as they were counted: as characters, a blank and a combining mark behind it
    /// would be one.
    var fields: [String] {
      restBytes.bytes.split(whereSeparator: KaldiList.isSeparator).map { String(decoding: $0, as: UTF8.self) }
    }
  }

  let path: String
  private let block: ByteBlock
  /// The lines' places, in the byte order of their keys.
  private let places: [Place]

  /// The places of a line's parts in the file.
  private struct Place {
    var start: Int
    var number: Int32
    var keyCount: Int32
    /// The distance from the start of the key.
    var restStart: Int32
    var restCount: Int32
  }

  /// Reads a list.
  /// - Parameter fields: the number of fields of each line, with the key; nil asks for a key and the rest of the line.
  /// - Throws: `Failure(.badData)` where the file is missing or empty, or a line is not UTF-8, has another number of
  ///   fields, or repeats a key.
  init(path: String, fields: Int?) throws {
    self.path = path
    guard FileSystem.exists(path) else {
      throw Failure(.badData, "\(path): no such file; is this a Kaldi data directory? svdist prepare makes one")
    }
    block = try ByteBlock.contents(of: path)
    var places = try Self.places(UnsafeRawBufferPointer(block.bytes), path: path, fields: fields)
    guard !places.isEmpty else { throw Failure(.badData, "\(path): the file is empty") }
    let bytes = UnsafeRawBufferPointer(block.bytes)
    func precedes(_ left: Place, _ right: Place) -> Bool { Self.key(left, bytes).compare(Self.key(right, bytes)) < 0 }
    let isSorted = (1..<places.count).allSatisfy { !precedes(places[$0], places[$0 - 1]) }
    if !isSorted { places.sort(by: precedes) }
    self.places = places
    for index in 1..<max(1, places.count) where key(index).compare(key(index - 1)) == 0 {
      throw failure(
        lines[index],
        "'\(lines[index].key)' is listed twice, first in line \(places[index - 1].number): keep one of the two")
    }
  }

  /// The lines in the byte order of their keys.
  var lines: Lines { Lines(list: self) }

  struct Lines: RandomAccessCollection {
    fileprivate let list: KaldiList
    var startIndex: Int { 0 }
    var endIndex: Int { list.places.count }

    subscript(index: Int) -> Line {
      Line(
        number: Int(list.places[index].number), keyBytes: list.key(index), restBytes: list.rest(index),
        block: list.block)
    }
  }

  /// The key of the line at an index; valid as long as the list is.
  func key(_ index: Int) -> ByteText { Self.key(places[index], UnsafeRawBufferPointer(block.bytes)) }

  /// The rest of the line at an index; valid as long as the list is.
  func rest(_ index: Int) -> ByteText {
    let place = places[index]
    let start = place.start + Int(place.restStart)
    return ByteText(UnsafeRawBufferPointer(rebasing: block.bytes[start..<start + Int(place.restCount)]))
  }

  private static func key(_ place: Place, _ bytes: UnsafeRawBufferPointer) -> ByteText {
    ByteText(UnsafeRawBufferPointer(rebasing: bytes[place.start..<place.start + Int(place.keyCount)]))
  }

  /// The position of a key among `lines`, or nil where no line has it. `guess` is a likely position, which is tried
  /// first.
  func index(of key: ByteText, guess: Int = 0) -> Int? {
    if places.indices.contains(guess), self.key(guess).compare(key) == 0 { return guess }
    var low = 0
    var high = places.count
    while low < high {
      let middle = (low + high) / 2
      if self.key(middle).compare(key) < 0 { low = middle + 1 } else { high = middle }
    }
    return low < places.count && self.key(low).compare(key) == 0 ? low : nil
  }

  func failure(_ line: Line, _ what: String) -> Failure {
    Self.failure(path, line.number, what)
  }

  private static func failure(_ path: String, _ number: Int, _ what: String) -> Failure {
    Failure(.badData, "\(path):\(number): \(what)")
  }

  /// The places of the lines in the order of the file, without a byte order mark and an empty line at the end.
  private static func places(_ bytes: UnsafeRawBufferPointer, path: String, fields: Int?) throws -> [Place] {
    var start = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    var places: [Place] = []
    while start < bytes.count {
      let found = memchr(bytes.baseAddress! + start, 0x0A, bytes.count - start)
      let end = found.map { UnsafeRawPointer($0) - bytes.baseAddress! } ?? bytes.count
      guard end - start < Int(Int32.max), places.count < Int(Int32.max) - 1 else {
        throw failure(path, places.count + 1, "the line is too long, or the list")
      }
      let place = try place(bytes, start..<end, number: places.count + 1, path: path, fields: fields)
      places.append(place)
      start = end + 1
    }
    return places
  }

  private static func place(
    _ bytes: UnsafeRawBufferPointer, _ line: Range<Int>, number: Int, path: String, fields: Int?
  ) throws -> Place {
    let content = trimmed(bytes, line)
    let keyEnd = content.first { isSpace(bytes[$0]) } ?? content.upperBound
    let rest = trimmed(bytes, keyEnd..<content.upperBound)
    if content.contains(where: { bytes[$0] >= 0x80 }) {
      guard String(validating: bytes[content.lowerBound..<keyEnd], as: UTF8.self) != nil,
        String(validating: bytes[rest], as: UTF8.self) != nil
      else { throw failure(path, number, "not UTF-8: convert the file with iconv") }
    }
    let count = content.isEmpty ? 0 : rest.isEmpty ? 1 : fields == nil ? 2 : 1 + self.fields(bytes, rest)
    guard count == fields ?? 2 else {
      let expected = fields.map { "\($0) expected" } ?? "a key and a path expected"
      throw failure(path, number, "\(count) \(count == 1 ? "field" : "fields"), \(expected)")
    }
    return Place(
      start: content.lowerBound, number: Int32(number), keyCount: Int32(keyEnd - content.lowerBound),
      restStart: Int32(rest.lowerBound - content.lowerBound), restCount: Int32(rest.count))
  }

  private static func fields(_ bytes: UnsafeRawBufferPointer, _ rest: Range<Int>) -> Int {
    var count = 1
    for index in rest.dropFirst() where isSeparator(bytes[index - 1]) && !isSeparator(bytes[index]) { count += 1 }
    return count
  }

  private static func trimmed(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> Range<Int> {
    var (first, end) = (range.lowerBound, range.upperBound)
    while first < end, isSpace(bytes[first]) { first += 1 }
    while first < end, isSpace(bytes[end - 1]) { end -= 1 }
    return first..<end
  }

  private static func isSeparator(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }

  private static func isSpace(_ byte: UInt8) -> Bool { isSeparator(byte) || byte == UInt8(ascii: "\r") }
}
