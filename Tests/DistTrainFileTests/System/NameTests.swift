import DistTrain
import Testing

@Suite struct NameTests {
  /// é in one piece, and as e with an accent.
  private let composed = "\u{E9}"
  private let decomposed = "e\u{301}"

  @Test func `names are told apart by their bytes, which strings are not`() {
    #expect(composed == decomposed)
    #expect(Name(composed) != Name(decomposed))
    #expect(Set([composed, decomposed].map { Name($0) }).count == 2)
    #expect(Name("a") == "a" && Name("a").hashValue == Name(Substring("a")).hashValue)
  }

  @Test func `a mark behind a slash, a dot or a prefix changes neither`() {
    let path = "/a/\u{301}b/c.\u{301}wav"
    #expect(path.pathParts.map { Name($0) } == ["a", "\u{301}b", Name("c.\u{301}wav")])
    #expect(path.begins(with: "/a/") && !path.begins(with: "/a//"))
    #expect("x|\u{301}".ends(with: "|\u{301}") && !"x".ends(with: "xx"))
    #expect(Name(path.dropping(bytes: 3)) == Name("\u{301}b/c.\u{301}wav"))
    #expect(FileSystem.suffix(of: "a.b/\u{301}x.WAV") == "wav" && FileSystem.suffix(of: "a.b/c") == "")
    #expect(Name(FileSystem.stem(of: "a/\u{301}x.wav")) == Name("a/\u{301}x"))
    #expect(FileSystem.suffix(of: "a/.wav") == "" && FileSystem.stem(of: "a/.wav") == "a/.wav")
  }

  @Test(arguments: [
    ("data/x", "data/x"), ("data/x/", "data/x"), ("/x//", "/x"), ("/", "/"), ("//", "/"), ("", ""),
    ("x/\u{301}", "x/\u{301}"),
  ])
  func `a folder that ends in slashes is named without them`(path: String, named: String) {
    #expect(Name(path.withoutEndingSlashes) == Name(named))
  }

  @Test(arguments: [
    ("plain é 漢字 a\u{301}", "plain é 漢字 a\u{301}"), ("a\nb\r\nc", "a\\u{A}b\\u{D}\\u{A}c"),
    ("a\u{200B}b", "a\\u{200B}b"),
    ("\u{FEFF}a", "\\u{FEFF}a"), ("a\u{A0}b", "a\\u{A0}b"), ("a\u{2028}b", "a\\u{2028}b"),
    ("\u{1B}[31m", "\\u{1B}[31m"),
    ("a\u{202E}b", "a\\u{202E}b"), ("a\u{AD}b\u{3164}", "a\\u{AD}b\\u{3164}"), ("a\tb\0", "a\\u{9}b\\u{0}"),
  ])
  func `what cannot be seen is written out, on one line`(text: String, shown: String) {
    #expect(text.shown == shown)
    #expect(text.shown.shown == shown)
  }

  @Test(arguments: ["x", "é", "漢", "a\u{301}"]) func `of a text that fills screens the middle is left out`(
    character: String
  ) {
    let usual = String(repeating: character, count: 2000)
    #expect(usual.shown == usual)
    let long = "list, line 3: '" + String(repeating: character, count: 1_000_000) + "': expected two fields"
    let shown = long.shown
    #expect(shown.unicodeScalars.count == 4003)
    #expect(shown.begins(with: "list, line 3: '\(character)") && shown.ends(with: "\(character)': expected two fields"))
    #expect(shown.contains(" … ") && shown.shown == shown)
  }
}
