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
      restBytes.bytes.split(whereSeparator: LineReader.isBlank).map { String(decoding: $0, as: UTF8.self) }
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

  /// A line that was passed over, and why.
  struct Fault {
    let number: Int
    /// The key, where the line has one.
    let key: String
    let what: String
  }

  /// The lines that were passed over, in the order of the file; none unless the list was read leniently.
  private(set) var faults: [Fault] = []

  /// Reads a list.
  /// - Parameters:
  ///   - fields: the numbers of fields that a line may have, with the key; nil asks for a key and the rest of the line.
  ///   - isLenient: passes over a line that is wrong and notes it in `faults`, as long as any other is right.
  /// - Throws: `Failure(.badData)` where the file is missing or empty, or a line is not UTF-8, has another number of
  ///   fields, or repeats a key.
  init(path: String, fields: ClosedRange<Int>?, isLenient: Bool = false) throws {
    self.path = path
    guard FileSystem.exists(path) else {
      throw Failure(.badData, "\(path): no such file; is this a Kaldi data directory? svdist prepare makes one")
    }
    block = try ByteBlock.contents(of: path)
    let bytes = UnsafeRawBufferPointer(block.bytes)
    try LineReader.check(bytes, path: path)
    var (places, faults) = try Self.places(bytes, path: path, fields: fields, isLenient: isLenient)
    func precedes(_ left: Place, _ right: Place) -> Bool { Self.key(left, bytes).compare(Self.key(right, bytes)) < 0 }
    let isSorted = places.indices.dropFirst().allSatisfy { !precedes(places[$0], places[$0 - 1]) }
    if !isSorted { places.sort(by: precedes) }
    var distinct: [Place] = []
    distinct.reserveCapacity(places.count)
    for place in places {
      let key = Self.key(place, bytes)
      guard let last = distinct.last, Self.key(last, bytes).compare(key) == 0 else {
        distinct.append(place)
        continue
      }
      let fault = Fault(
        number: Int(place.number), key: key.text,
        what: "is listed twice: '\(key.text)' is in line \(last.number) already: keep one of the two")
      guard isLenient else { throw Self.failure(path, fault.number, fault.what) }
      faults.append(fault)
    }
    guard !distinct.isEmpty else {
      throw faults.first.map { Self.failure(path, $0.number, $0.what) }
        ?? Failure(.badData, "\(path): the file is empty")
    }
    self.places = distinct
    self.faults = faults.sorted { $0.number < $1.number }
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
    return ByteOrder.position(among: places.count) { self.key($0).compare(key) }
  }

  func failure(_ line: Line, _ what: String) -> Failure {
    Self.failure(path, line.number, what)
  }

  private static func failure(_ path: String, _ number: Int, _ what: String) -> Failure {
    Failure(.badData, "\(path):\(number): \(what)")
  }

  /// The places of the lines in the order of the file, and the lines that have none.
  private static func places(
    _ bytes: UnsafeRawBufferPointer, path: String, fields: ClosedRange<Int>?, isLenient: Bool
  ) throws -> (places: [Place], faults: [Fault]) {
    var reader = LineReader(bytes)
    var places: [Place] = []
    var faults: [Fault] = []
    while let line = reader.next() {
      guard line.count < Int(Int32.max), reader.number < Int(Int32.max) - 1 else {
        throw failure(path, reader.number, "the line is too long, or the list")
      }
      do throws(Malformed) {
        places.append(try place(bytes, line, number: reader.number, fields: fields))
      } catch {
        guard isLenient else { throw failure(path, reader.number, error.what) }
        faults.append(Fault(number: reader.number, key: error.key, what: error.what))
      }
    }
    return (places, faults)
  }

  private struct Malformed: Error {
    let key: String
    let what: String
  }

  private static func place(
    _ bytes: UnsafeRawBufferPointer, _ content: Range<Int>, number: Int, fields: ClosedRange<Int>?
  ) throws(Malformed) -> Place {
    let keyEnd = content.first { LineReader.isBlank(bytes[$0]) } ?? content.upperBound
    let rest = LineReader.trimmed(bytes, keyEnd..<content.upperBound)
    let key = String(validating: bytes[content.lowerBound..<keyEnd], as: UTF8.self)
    if content.contains(where: { bytes[$0] >= 0x80 }) {
      guard key != nil, String(validating: bytes[rest], as: UTF8.self) != nil else {
        throw Malformed(key: key ?? "", what: "not UTF-8: convert the file with iconv")
      }
    }
    let count = rest.isEmpty ? 1 : fields == nil ? 2 : 1 + self.fields(bytes, rest)
    guard (fields ?? 2...2).contains(count) else {
      let expected = fields.map { "\($0.map { "\($0)" }.joined(separator: " or ")) expected" }
      let found = count.counted("field")
      throw Malformed(key: key ?? "", what: "\(found), \(expected ?? "a key and a path expected")")
    }
    return Place(
      start: content.lowerBound, number: Int32(number), keyCount: Int32(keyEnd - content.lowerBound),
      restStart: Int32(rest.lowerBound - content.lowerBound), restCount: Int32(rest.count))
  }

  private static func fields(_ bytes: UnsafeRawBufferPointer, _ rest: Range<Int>) -> Int {
    var count = 1
    for index in rest.dropFirst() where LineReader.isBlank(bytes[index - 1]) && !LineReader.isBlank(bytes[index]) {
      count += 1
    }
    return count
  }
}
