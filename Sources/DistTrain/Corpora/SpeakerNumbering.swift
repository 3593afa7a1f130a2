/// Numbers speakers by their places in the byte order of their names.
enum SpeakerNumbering {
  /// The speakers that the lines of a list name, and the number of the speaker of each line. The names are valid as
  /// long as the list is.
  static func number(_ list: KaldiList) throws -> (names: [ByteText], numbers: [Int32]) {
    var found: [ByteText] = []
    var known: [[UInt8]: Int32] = [:]
    var numbers: [Int32] = []
    numbers.reserveCapacity(list.lines.count)
    for index in list.lines.indices {
      let name = list.rest(index)
      // Most lists have the utterances of a speaker next to each other.
      if let last = numbers.last, found[Int(last)].compare(name) == 0 {
        numbers.append(last)
        continue
      }
      let key = Array(name.bytes)
      if let number = known[key] {
        numbers.append(number)
      } else {
        numbers.append(Int32(found.count))
        known[key] = Int32(found.count)
        found.append(name)
      }
    }
    let order = found.indices.sorted { found[$0].compare(found[$1]) < 0 }
    var places = [Int32](repeating: 0, count: found.count)
    for (place, number) in order.enumerated() { places[number] = Int32(place) }
    return (order.map { found[$0] }, numbers.map { places[Int($0)] })
  }
}
