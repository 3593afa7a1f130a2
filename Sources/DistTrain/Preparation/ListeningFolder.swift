import Foundation

/// The names in a folder of crops to listen to: pairs of a crop as it is and augmented, and a table of them.
package enum ListeningFolder {
  /// The most pairs that a folder may have.
  package static let most = 1000
  package static let table = "pairs.tsv"
  package static let clean = "-clean.wav"
  package static let augmented = "-augmented.wav"

  /// How a pair is called by its number, counted from 1.
  package static func name(_ pair: Int) -> String { String(format: "%03d", pair) }

  /// Whether such a folder can have a file of this name.
  package static func has(_ file: String) -> Bool {
    file == table
      || [clean, augmented].contains { suffix in
        let pair = Int(file.prefix { $0.isASCII && $0.isNumber })
        return pair.map { (1...most).contains($0) && file == name($0) + suffix } ?? false
      }
  }
}
