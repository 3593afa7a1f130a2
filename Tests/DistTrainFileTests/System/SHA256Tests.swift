import DistTrain
import Testing

@Suite struct SHA256Tests {
  /// The examples of FIPS 180-4 (NIST, "Secure Hash Standard", examples with intermediate values).
  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
  ])
  func `Digests are the standard's, in one part or many`(text: String, expected: String) {
    let bytes = Array(text.utf8)
    #expect(bytes.withUnsafeBytes { SHA256.of($0) }.hexadecimal == expected)
    var parts = SHA256()
    for byte in bytes { [byte].withUnsafeBytes { parts.update($0) } }
    #expect(parts.finish().hexadecimal == expected)
  }
}
