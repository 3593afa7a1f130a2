import DistTrain
import Foundation
import TestTools
import Testing

@Suite struct EmbeddingFileTests {
  private let values: [Float] = [1, -2.5, 1e-20, 0.1, .leastNonzeroMagnitude, 3e38]

  @Test(arguments: ["ark", "txt", "safetensors"])
  func `embeddings come back bit for bit`(format: String) throws {
    try withScratchFolder { folder in
      let path = folder + "/xvector." + format
      let names = ["id1/a/00001.wav", "é\"2\""]
      let embeddings = try Embeddings(names: names, vectors: Matrix(rows: 2, columns: 3, values))
      try EmbeddingFile.write(embeddings, to: path)
      let paths = format == "ark" ? [path, folder + "/xvector.scp"] : [path]
      for path in paths {
        let read = try EmbeddingFile.read(path)
        #expect(read.names == names)
        #expect(read.vectors.columns == 3)
        #expect(read.vectors.values == values)
        #expect(read.row(of: names[1]) == 1)
        #expect(read.row(of: "x") == nil)
      }
    }
  }

  /// Bytes as Kaldi's `copy-vector` writes them.
  @Test func `an archive has Kaldi's bytes`() throws {
    try withScratchFolder { folder in
      let embeddings = try Embeddings(names: ["u1", "u2"], vectors: Matrix(rows: 2, columns: 1, [1, 2]))
      try EmbeddingFile.write(embeddings, to: folder + "/x.ark")
      let vector = { (name: String, high: UInt8, low: UInt8) in
        Array("\(name) \0BFV \u{4}".utf8) + [1, 0, 0, 0, 0, 0, low, high]
      }
      #expect(try InputFile.contents(of: folder + "/x.ark") == vector("u1", 0x3F, 0x80) + vector("u2", 0x40, 0))
      #expect(try read(folder + "/x.scp") == "u1 \(folder)/x.ark:3\nu2 \(folder)/x.ark:20\n")
    }
  }

  @Test(arguments: ["ark", "txt", "safetensors"])
  func `the encoder that made embeddings comes back with them, from no other file of that name`(format: String) throws {
    try withScratchFolder { folder in
      let path = folder + "/x." + format
      for (number, encoder) in ["first", nil, "second"].enumerated() {
        let vectors = Matrix(rows: 2, columns: 1, [Float(number + 1), 1])
        try EmbeddingFile.write(Embeddings(names: ["a", "b"], vectors: vectors, encoder: encoder), to: path)
        for path in format == "ark" ? [path, folder + "/x.scp"] : [path] {
          #expect(try EmbeddingFile.read(path).encoder == encoder)
        }
      }
      guard format != "safetensors" else { return }
      let other = try Embeddings(names: ["a"], vectors: Matrix(rows: 1, columns: 1, [7]))
      try EmbeddingFile.write(other, to: folder + "/y." + format)
      try FileSystem.rename(folder + "/y." + format, to: path)
      #expect(try EmbeddingFile.read(path).encoder == nil)
    }
  }

  @Test func `what another program calls the encoder is not taken for svdist's`() throws {
    try withScratchFolder { folder in
      let path = folder + "/x.safetensors"
      for (key, encoder) in [("encoder", nil), ("svdist.encoder", "ours")] as [(String, String?)] {
        try SafetensorsFile.write(
          [NamedTensor(name: "embeddings", shape: [1, 1], values: [1])],
          metadata: ["utterances": "[\"a\"]", key: "ours"], to: path)
        #expect(try EmbeddingFile.read(path).encoder == encoder)
      }
    }
  }

  @Test func `a script of embeddings of two encoders is refused`() throws {
    try withScratchFolder { folder in
      for name in ["x", "y"] {
        let embeddings = try Embeddings(names: [name], vectors: Matrix(rows: 1, columns: 1, [1]), encoder: name)
        try EmbeddingFile.write(embeddings, to: "\(folder)/\(name).ark")
      }
      try write(try read(folder + "/x.scp") + read(folder + "/y.scp"), to: folder + "/both.scp")
      let refusal = failure { _ = try EmbeddingFile.read(folder + "/both.scp") }
      #expect(refusal?.message.contains("both.scp: its embeddings are of different encoders") == true)
    }
  }

  /// Expects that neither the check before the work nor writing itself takes an archive's name.
  private func expectRefusal(_ archive: String, naming place: String) throws {
    let embeddings = try Embeddings(names: ["a"], vectors: Matrix(rows: 1, columns: 1, [1]))
    for call in [{ try EmbeddingFile.check($0) }, { try EmbeddingFile.write(embeddings, to: $0) }]
      as [(String) throws -> Void]
    {
      let refusal = failure { try call(archive) }
      #expect(refusal?.kind == .usage && refusal?.message.contains(place) == true, "\(refusal?.message ?? "none")")
    }
    #expect(!FileSystem.exists(archive))
  }

  @Test(arguments: [
    "s0-u0 /corpus/s0/u0.wav\n", "s0-u0 sox a.wav -t wav - |\n", "s0-u0 other.ark:3\n", "u x.ark:x\n",
    "u 1x.ark:3\n", "u FOLDER/1x.ark:3\n", "x.ark:3\n", "u none/x.ark:3\n", "u FOLDER/sub/x.ark:9\n",
    "u FOLDER/sub/x.ark:900\n", "u FOLDER/matrices/x.ark:3\n",
  ])
  func `a list of something else where an archive's script would be stays`(line: String) throws {
    try withScratchFolder { folder in
      let text = line.replacingOccurrences(of: "FOLDER", with: folder)
      for name in ["sub", "matrices"] { try FileSystem.createFolder("\(folder)/\(name)") }
      for name in ["sub/x", "1x", "other"] { try write("u1 \0BFV \u{4}\u{1}\0\0\0abcd", to: "\(folder)/\(name).ark") }
      try write("u1 \0BFM \u{4}\u{1}\0\0\0abcd", to: folder + "/matrices/x.ark")
      try write(text, to: folder + "/x.scp")
      try expectRefusal(folder + "/x.ark", naming: folder + "/x.scp")
      #expect(try read(folder + "/x.scp") == text)
    }
  }

  @Test(arguments: ["wav", "feats", "cmvn", "vad"])
  func `the lists of Kaldi's data directories are no archive's script, be they there or not`(name: String) throws {
    try withScratchFolder { folder in
      try expectRefusal("\(folder)/\(name).ark", naming: "\(folder)/\(name).scp")
      try write("u1 \(folder)/sub/\(name).ark:3\n", to: "\(folder)/\(name).scp")
      try expectRefusal("\(folder)/\(name).ark", naming: "\(folder)/\(name).scp")
      try EmbeddingFile.check("\(folder)/my\(name).ark")
    }
  }

  @Test func `an archive takes the place of an earlier one, of one that was moved, and of an empty list`() throws {
    try withScratchFolder { folder in
      let embeddings = try Embeddings(names: ["a", "b"], vectors: Matrix(rows: 2, columns: 1, [1, 2]), encoder: "e")
      let list = folder + "/moved/x.scp"
      try FileSystem.createFolder(folder + "/first")
      for _ in 0..<2 { try EmbeddingFile.write(embeddings, to: folder + "/first/x.ark") }
      try FileSystem.rename(folder + "/first", to: folder + "/moved")
      for text in [try read(list), "", "a x.ark:2\n", "a   \(folder)/moved/x.ark:2\nb other.ark:4\n"] {
        try write(text, to: list)
        try EmbeddingFile.check(folder + "/moved/x.ark")
        try EmbeddingFile.write(embeddings, to: folder + "/moved/x.ark")
        #expect(try read(list) == "a \(folder)/moved/x.ark:2\nb \(folder)/moved/x.ark:18\n")
      }
    }
  }

  @Test(arguments: [
    ("txt", "s0-u0 s0\n"), ("txt", "thesis\n"), ("txt", "a [\n 1 2 ]\n"), ("txt", " [ 1 ]\n"), ("txt", "\n"),
    ("ark", "a \0BFM \u{4}"), ("ark", "a b [ 1 ]\n"), ("ark", "a [ x ]\n"), ("safetensors", "a [ 1 ]\n"),
  ])
  func `a file of something else where embeddings would be stays`(format: String, text: String) throws {
    try withScratchFolder { folder in
      let path = "\(folder)/x.\(format)"
      try write(text, to: path)
      let refusal = failure { try EmbeddingFile.check(path) }
      #expect(refusal?.kind == .usage && refusal?.message.contains("\(path): is there and holds no embeddings") == true)
    }
  }

  @Test(arguments: ["txt", "ark"]) func `a file of something else where the encoder's mark would be stays`(
    format: String
  ) throws {
    try withScratchFolder { folder in
      let path = "\(folder)/x.\(format)"
      for text in ["mine\n", "{\"encoder\": 1}", "{}"] {
        try Data(text.utf8).write(to: URL(fileURLWithPath: path + ".encoder"))
        let refusal = failure { try EmbeddingFile.check(path) }
        #expect(refusal?.kind == .usage && refusal?.message.contains("\(path).encoder, which would tell") == true)
      }
      try Data().write(to: URL(fileURLWithPath: path + ".encoder"))
      try EmbeddingFile.check(path)
      try FileManager.default.removeItem(atPath: path + ".encoder")
      let vectors = Matrix(rows: 1, columns: 2, [1, 2])
      try EmbeddingFile.write(Embeddings(names: ["u"], vectors: vectors, encoder: "e"), to: path)
      try EmbeddingFile.check(path)
    }
  }

  @Test func `embeddings take the place of embeddings of their form, and parameters stay`() throws {
    try withScratchFolder { folder in
      let embeddings = try Embeddings(names: ["a", "b"], vectors: Matrix(rows: 2, columns: 1, [1, 2]))
      for format in ["ark", "txt", "safetensors"] {
        let path = "\(folder)/x.\(format)"
        for _ in 0..<2 {
          try EmbeddingFile.check(path)
          try EmbeddingFile.write(embeddings, to: path)
        }
        #expect(try EmbeddingFile.read(path).names == ["a", "b"])
      }
      for text in ["a  [ -1e-3 2 ]\n", "\na\t[ nan ]\n", "a \0BDV \u{4}\u{1}", ""] {
        for format in ["ark", "txt"] {
          try write(text, to: "\(folder)/y.\(format)")
          try EmbeddingFile.check("\(folder)/y.\(format)")
        }
      }
      let others: [(String, [String: String])] = [
        ("embeddings", [:]), ("layer1.weight", ["utterances": "[\"a\"]"]),
      ]
      for (tensor, metadata) in others {
        let path = folder + "/model.safetensors"
        try SafetensorsFile.write(
          [NamedTensor(name: tensor, shape: [1, 1], values: [1])], metadata: metadata, to: path)
        #expect(failure { try EmbeddingFile.check(path) }?.message.contains("holds no embeddings") == true)
      }
    }
  }

  @Test(arguments: ["x.ark", "x.scp", "x.ark.encoder", "x.txt", "x.txt.encoder", "x.safetensors"])
  func `a folder where a file would be is told before the work, and stays`(name: String) throws {
    try withScratchFolder { folder in
      let kept = "\(folder)/\(name)/thesis.tex"
      try FileSystem.createFolder("\(folder)/\(name)")
      try write("important", to: kept)
      let format = name.split(separator: ".")[1]
      let output = folder + "/x." + (format == "scp" ? "ark" : format)
      let refusal = failure { try EmbeddingFile.check(output) }
      #expect(refusal?.kind == .usage && refusal?.message.contains("\(folder)/\(name) is a folder") == true)
      let embeddings = try Embeddings(names: ["a"], vectors: Matrix(rows: 1, columns: 1, [1]), encoder: "e")
      #expect(failure { try EmbeddingFile.write(embeddings, to: output) } != nil)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == [name])
      #expect(try read(kept) == "important")
    }
  }

  @Test func `whichever system call fails, archive and script are of one writer or the script is gone`() throws {
    try withScratchFolder { folder in
      func embeddings(_ value: Float) throws -> Embeddings {
        try Embeddings(names: ["u\(value)"], vectors: Matrix(rows: 1, columns: 1, [value]), encoder: "\(value)")
      }
      for call in 1... {
        for name in try FileManager.default.contentsOfDirectory(atPath: folder) {
          try FileSystem.remove("\(folder)/\(name)")
        }
        try EmbeddingFile.write(embeddings(1), to: folder + "/x.ark")
        let system = FaultySystem(failing: call, onlyOnce: true)
        let told = failure {
          try system.run(under: folder) { try EmbeddingFile.write(embeddings(2), to: folder + "/x.ark") }
        }
        let archive = try EmbeddingFile.read(folder + "/x.ark")
        #expect(told != nil || archive.names == ["u2.0"])
        let names = Set(try FileManager.default.contentsOfDirectory(atPath: folder))
        if archive.names == ["u1.0"] {
          #expect(names == ["x.ark", "x.scp", "x.ark.encoder"], "call \(call)")
          #expect(try EmbeddingFile.read(folder + "/x.scp").names == archive.names && archive.encoder == "1.0")
        } else if names.contains("x.scp") {
          #expect(try EmbeddingFile.read(folder + "/x.scp").names == archive.names)
        }
        if !system.failed { break }
      }
    }
  }

  @Test func `archive and script are of one writer, whoever else writes at the same time`() throws {
    try withScratchFolder { folder in
      for _ in 0..<10 {
        DispatchQueue.concurrentPerform(iterations: 4) { writer in
          let names = (0...writer).map { "writer-\(writer)-" + String(repeating: "x", count: 10 * writer) + "\($0)" }
          let vectors = Matrix(rows: names.count, columns: 1, names.map { _ in Float(writer + 1) })
          let embeddings = try? Embeddings(names: names, vectors: vectors, encoder: "\(writer)")
          if let embeddings { try? EmbeddingFile.write(embeddings, to: folder + "/x.ark") }
        }
        let (archive, script) = (try EmbeddingFile.read(folder + "/x.ark"), try EmbeddingFile.read(folder + "/x.scp"))
        #expect(archive.names == script.names && archive.vectors.values == script.vectors.values)
        #expect(archive.encoder == "\(archive.names.count - 1)" && script.encoder == archive.encoder)
      }
      #expect(Set(try FileManager.default.contentsOfDirectory(atPath: folder)) == ["x.ark", "x.scp", "x.ark.encoder"])
    }
  }

  @Test func `double vectors and other orders in a script are read, the archive beside the script`() throws {
    try withScratchFolder { folder in
      var archive: [UInt8] = []
      for (name, value) in [("u1", 1.5), ("u2", -3.0)] {
        archive += Array("\(name) \0BDV \u{4}".utf8) + [1, 0, 0, 0]
        archive += (0..<8).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) }
      }
      try AtomicFile.write(archive, to: folder + "/x.ark")
      #expect(try EmbeddingFile.read(folder + "/x.ark").vectors.values == [1.5, -3])
      try write("u2 x.ark:24\nu1 x.ark:3\n", to: folder + "/x.scp")
      let read = try EmbeddingFile.read(folder + "/x.scp")
      #expect(read.names == ["u2", "u1"])
      #expect(read.vectors.values == [-3, 1.5])
    }
  }

  @Test(arguments: [[0, 0], [0, 1 << 60], [0, Int.max], [2, 0]])
  func `a matrix that holds nothing is refused, whatever it says of its other side`(shape: [Int]) throws {
    try withScratchFolder { folder in
      let names = "[" + ["\"a\"", "\"b\""].prefix(shape[0]).joined(separator: ",") + "]"
      try SafetensorsFile.write(
        [NamedTensor(name: "embeddings", shape: shape, values: [])], metadata: ["utterances": names],
        to: folder + "/x.safetensors")
      let refusal = failure { _ = try EmbeddingFile.read(folder + "/x.safetensors").mean }
      #expect(refusal?.kind == .badData)
    }
  }

  @Test func `a device that never ends and a file beyond all memory are refused`() throws {
    try withScratchFolder { folder in
      try write("u1 /dev/zero:7\n", to: folder + "/x.scp")
      #expect(failure { _ = try EmbeddingFile.read(folder + "/x.scp") }?.message.contains("fit into memory") == true)
      try write("", to: folder + "/x.ark")
      try #require(truncate(folder + "/x.ark", 1 << 43) == 0)
      let refusal = failure { _ = try EmbeddingFile.read(folder + "/x.ark") }
      #expect(refusal?.message.contains("fit into memory") == true && refusal?.kind == .badData)
    }
  }

  @Test(arguments: [
    ("x.txt", "", "no embeddings"), ("x.txt", "u1 [ 1 2 ]\nu2 [ 1 ]\n", "u2 has 1 dimension,"),
    ("x.txt", "u1 [ 1 two ]\n", "after u1"), ("x.txt", "u1 1 2\n", "after u1"),
    ("x.txt", "\nu1", "x.txt:2: expected '[ number … ]' after u1"),
    ("x.txt", "u1 [ 1 ]\nu1 [ 2 ]\n", "two embeddings of u1"),
    ("x.ark", "u1 \0BFV \u{4}\u{2}\0\0\0abcd", "ends inside the vector of u1"),
    ("x.ark", "u1 \0BFM \u{4}\u{2}\0\0\0abcd", "u1 is not a vector"), ("x.ark", "u1 \0B", "u1 is not a vector"),
    ("x.ark", "u1 \0BFV \u{4}\u{7F}\u{7F}\u{7F}\u{7F}", "ends inside"), ("x.scp", "u1 x.ark\n", "line 1: expected"),
    ("x.scp", "u1 none.ark:7\n", "none.ark: No such file"), ("x.scp", "u1 x.scp:700\n", "x.scp"),
    ("x.npy", "", ".ark, .txt or .safetensors"), ("x.txt", "u1 [ ]\n", "u1 has no numbers"),
    ("x.ark", "u1 \0BFV \u{4}\0\0\0\0", "u1 has no numbers"),
    ("x.txt", "u1 [ 1 0 ]\nu2 [ 0 -0 ]\n", "the embedding of u2 is zeros alone"),
  ])
  func `a file that is wrong is told`(name: String, text: String, expected: String) throws {
    try withScratchFolder { folder in
      try write(text, to: folder + "/" + name)
      let failure = failure { _ = try EmbeddingFile.read(folder + "/" + name) }
      #expect(failure?.message.contains(expected) == true, "\(failure?.message ?? "none")")
      #expect(failure?.message.contains(folder) == true)
    }
  }
}
