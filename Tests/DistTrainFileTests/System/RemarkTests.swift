import DistTrain
import Testing

@Suite struct RemarkTests {
  @Test(arguments: [
    ("warning: a", Remark.Kind.warning, "a"), ("note: a", .note, "a"), ("a", .note, "a"),
    ("warning:a", .note, "warning:a"),
    ("note: warning: a", .note, "warning: a"), ("warning: \u{301}a", .warning, "\u{301}a"), ("", .note, ""),
  ])
  func `the first word tells the kind of a remark`(line: String, kind: Remark.Kind, text: String) {
    let remark = Remark(line)
    #expect(remark.kind == kind && remark.text == text && remark.line == line)
  }
}
