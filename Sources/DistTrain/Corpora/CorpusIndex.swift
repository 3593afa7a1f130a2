import Foundation

/// The file `corpus.index` of a data directory, which holds the contents of its lists ready to be mapped into memory.
///
/// It is used only while it agrees with the lists: each must have the length that it had, and either the time of its
/// last change or the bytes (by SHA-256) that it had. Where a list was changed, added or removed since, the lists are
/// read.
package enum CorpusIndex {
  package static let name = "corpus.index"

  /// The table of a data directory's index, or nil where there is none or it does not agree with the lists.
  /// - Throws: `Failure(.badData)` for a file that is damaged.
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
      // An index of another version counts as none.
      if CorpusTableHeader.isOfAnyVersion(UnsafeRawBufferPointer(block.bytes)) { return nil }
      throw damaged("its first bytes are not svdist's")
    }
    guard try isOf(directory, header) else { return nil }
    guard let count = CorpusTable.byteCount(header.sizes) else { throw damaged("its sizes are no corpus's") }
    guard count == file.bytes else { throw damaged("\(file.bytes) bytes of \(count)") }
    guard CorpusTableHeader.isWhole(UnsafeRawBufferPointer(block.bytes)) else {
      throw damaged("its bytes are not those that were written (SHA-256)")
    }
    let table = CorpusTable(header.sizes, block: block)
    if let fault = table.fault { throw damaged(fault) }
    return table
  }

  /// Reads a data directory's lists and writes its index beside them.
  package static func write(_ directory: String) throws {
    // This comes before the lists are read, so that a list which is changed meanwhile differs from what is recorded
    // here.
    let lists = try paths(directory).map { try CorpusTableHeader.List($0).digested($0) }
    let table = try KaldiDirectory(directory).table { path in
      throw Failure(.failed, "\(path): its length is in no list")
    }.table
    guard table.channels.isEmpty else {
      throw Failure(.failed, "\(directory): its segments name channels, which \(name) cannot hold")
    }
    CorpusTableHeader(sizes: table.sizes, lists: lists).write(to: table.block.bytes)
    try AtomicFile.write(to: KaldiDirectory.path(of: name, in: directory)) { file in
      try file.write(UnsafeRawBufferPointer(table.block.bytes))
    }
  }

  /// Whether the lists are those that the index was made from.
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
