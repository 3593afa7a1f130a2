import Foundation

/// The file `corpus.index` of a data directory: what its lists say, ready to be mapped into memory.
///
/// It counts only while it is that of the lists: each must have the length it had, and have been written to when it was,
/// or else have the bytes it had by SHA-256. Where a list was changed, added or removed since, the lists are read.
package enum CorpusIndex {
  package static let name = "corpus.index"

  /// The table of a data directory's index; nil where there is none, or it is not that of the lists.
  /// - Throws: `Failure(.badData)` for a file that is not whole.
  static func open(_ directory: String) throws -> CorpusTable? {
    let path = KaldiDirectory.path(of: name, in: directory)
    guard FileSystem.exists(path) else { return nil }
    let file = try InputFile(path: path)
    func damaged(_ what: String) -> Failure {
      Failure(.badData, "\(path): is damaged: \(what); remove it, and the lists are read instead")
    }
    guard file.bytes >= CorpusTableHeader.byteCount else { throw damaged("\(file.bytes) bytes are no header") }
    let block = try file.mapped()
    guard let header = CorpusTableHeader(UnsafeRawBufferPointer(block.bytes)) else {
      // Another version's is as good as none.
      if CorpusTableHeader.isOfAnyVersion(UnsafeRawBufferPointer(block.bytes)) { return nil }
      throw damaged("its first bytes are not svdist's")
    }
    guard try isOf(directory, header) else { return nil }
    guard let count = CorpusTable.byteCount(header.sizes) else { throw damaged("its sizes are no corpus's") }
    guard count == file.bytes else { throw damaged("\(file.bytes) bytes of \(count)") }
    let table = CorpusTable(header.sizes, block: block)
    if let fault = table.fault { throw damaged(fault) }
    return table
  }

  /// Reads a data directory's lists and writes its index beside them.
  package static func write(_ directory: String) throws {
    // Before they are read: a list that is changed meanwhile then differs from what is noted here.
    let lists = try paths(directory).map { try CorpusTableHeader.List($0).digested($0) }
    let table = try KaldiDirectory(directory).table { path in
      throw Failure(.failed, "\(path): its length is in no list")
    }
    CorpusTableHeader(sizes: table.sizes, lists: lists).write(to: table.block.bytes)
    try AtomicFile.write(to: KaldiDirectory.path(of: name, in: directory)) { file in
      try file.write(UnsafeRawBufferPointer(table.block.bytes))
    }
  }

  /// Whether the lists are those that the index was made of.
  private static func isOf(_ directory: String, _ header: CorpusTableHeader) throws -> Bool {
    for (path, then) in zip(paths(directory), header.lists) {
      let now = CorpusTableHeader.List(path)
      guard now.bytes == then.bytes else { return false }
      if now.bytes < 0 || now.modified == then.modified { continue }
      guard try now.digested(path).digest == then.digest else { return false }
    }
    return true
  }

  private static func paths(_ directory: String) -> [String] {
    (KaldiDirectory.required + KaldiDirectory.optional).map { KaldiDirectory.path(of: $0, in: directory) }
  }
}
