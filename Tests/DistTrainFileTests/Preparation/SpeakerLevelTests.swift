import DistTrain
import TestTools
import Testing

/// Folders that are taken for speakers, and those that svdist prepare does not take for any.
@Suite struct SpeakerLevelTests {
  private let folder: TestFolder

  init() throws { folder = try TestFolder() }

  private func source(_ files: [String], _ layout: CorpusLayout? = nil) throws -> CorpusSource {
    for file in files { try folder.write("source/\(file)", "x") }
    return try CorpusSource(folder.path("source"), layout: layout)
  }

  static let corpora: [(files: [String], remedy: String)] = [
    (["train-clean-100/19/198/1.flac", "dev-clean/84/121123/1.flac"], "source/dev-clean,"),
    (["TRAIN/DR1/FCJF0/a.wav", "TEST/DR1/FAKS0/a.wav"], "source/TEST,"),
    (["train/S1/a.wav", "dev/S2/a.wav", "test/S3/a.wav"], "source/dev,"),
    (["enroll/a.wav", "test_2/s/b.wav"], "source/test_2,"),
    (["enroll/a.wav", "test/b.wav"], "in a .csv file,"),
  ]

  @Test(arguments: corpora.indices)
  func `the parts of a corpus are no speakers, unless the user says so`(index: Int) throws {
    let (files, remedy) = Self.corpora[index]
    let refusal = failure { _ = try source(files) }
    #expect(refusal?.kind == .badData && refusal?.message.hasPrefix(folder.path("source: its folders '")) == true)
    #expect(refusal?.message.contains(remedy) == true, "\(refusal?.message ?? "none")")
    #expect(try source(files, .folders).utterances.count == files.count)
  }

  @Test func `CN-Celeb's evaluation by itself is no folder of speakers`() throws {
    let files = ["enroll/id00800-enroll.flac", "test/id00800-singing-01-001.flac", "lists/enroll.map"]
    let refusal = failure { _ = try source(files) }
    #expect(
      refusal?.message
        == "\(folder.path("source")): its folders 'enroll', 'test' are named after the parts of a corpus, not after "
        + "speakers: give the folder of CN-Celeb that holds data, dev and eval, or give --layout folders")
  }

  @Test(arguments: [
    ["test_speaker1/a.wav", "test_speaker2/a.wav"], ["Dev Patel/a.wav", "Emma/a.wav"], ["s/dev/a.wav", "t/test/a.wav"],
    ["testa/a.wav", "eva/a.wav"], ["s/one/a.wav", "t/one/a.wav", "u/one/a.wav", "u/two/a.wav"],
  ])
  func `speakers are taken without a word`(files: [String]) throws {
    let source = try source(files)
    #expect(source.utterances.count == files.count && source.notes.isEmpty, "\(source.notes)")
  }

  @Test func `the level of speakers is told where most of them hold several folders, or one is named as a part`() throws
  {
    let deep = try source(["DR1/F1/a.wav", "DR1/F2/a.wav", "DR2/M1/a.wav", "DR2/M2/a.wav", "DR3/M3/a.wav"])
    #expect(Set(deep.utterances.map(\.speaker)) == ["DR1", "DR2", "DR3"])
    #expect(deep.notes.count == 1)
    #expect(
      deep.notes.first?.hasPrefix(
        "the folders right below SOURCE are taken for speakers, such as 'DR1', and those below them for parts of their "
          + "recordings, such as 'DR1/F1': ") == true, "\(deep.notes)")
    let other = try TestFolder()
    for file in ["s/a.wav", "test/a.wav"] { try other.write("source/\(file)", "x") }
    #expect(
      try CorpusSource(other.path("source")).notes
        == ["the folders right below SOURCE are taken for speakers, also 'test'"])
  }
}
