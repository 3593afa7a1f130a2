import DistTrain
import Foundation

/// The whereabouts of a corpus's recordings after svdist prepare: in the lists of its output, or in left-out.tsv.
struct Account {
  /// The recordings that neither names.
  let missing: [String]

  /// - Parameters:
  ///   - recordings: the paths of the recordings that went in.
  ///   - output: the folder that svdist prepare wrote.
  init(_ recordings: [String], output: String) throws {
    var named: Set<[UInt8]> = []
    for part in ["", "/train", "/evaluation"] where FileSystem.exists("\(output)\(part)/wav.scp") {
      for line in try InputFile.contents(of: "\(output)\(part)/wav.scp").split(separator: UInt8(ascii: "\n")) {
        named.insert(Array(line.drop { $0 != UInt8(ascii: " ") }.dropFirst()))
      }
    }
    let leftOut = Data(try InputFile.contents(of: "\(output)/\(PreparedCorpus.leftOutName)"))
    missing = recordings.filter { path in
      !named.contains(Array(path.utf8)) && leftOut.range(of: Data(path.shown.utf8)) == nil
    }
  }
}
