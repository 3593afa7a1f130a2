import DistTrain
import Foundation
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
    ("x.txt", "", "no embeddings"), ("x.txt", "u1 [ 1 2 ]\nu2 [ 1 ]\n", "u2 has 1 dimensions"),
    ("x.txt", "u1 [ 1 two ]\n", "after u1"), ("x.txt", "u1 1 2\n", "after u1"), ("x.txt", "u1", "byte 0"),
    ("x.txt", "u1 [ 1 ]\nu1 [ 2 ]\n", "two embeddings of u1"),
    ("x.ark", "u1 \0BFV \u{4}\u{2}\0\0\0abcd", "ends inside the vector of u1"),
    ("x.ark", "u1 \0BFM \u{4}\u{2}\0\0\0abcd", "u1 is not a vector"), ("x.ark", "u1 \0B", "u1 is not a vector"),
    ("x.ark", "u1 \0BFV \u{4}\u{7F}\u{7F}\u{7F}\u{7F}", "ends inside"), ("x.scp", "u1 x.ark\n", "line 1: expected"),
    ("x.scp", "u1 none.ark:7\n", "none.ark: No such file"), ("x.scp", "u1 x.scp:700\n", "x.scp"),
    ("x.npy", "", ".ark, .txt or .safetensors"),
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
