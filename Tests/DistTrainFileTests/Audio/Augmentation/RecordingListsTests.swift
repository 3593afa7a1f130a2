import DistTrain
import Foundation
import TestTools
import Testing

@Suite struct RecordingListsTests {
  private let folder: TestFolder

  init() throws { folder = try TestFolder() }

  private func lists(_ root: String = "") throws -> RecordingLists {
    try Augmentation(noise: folder.path("\(root)noise"), rooms: folder.path("\(root)rooms")).lists
  }

  private func write(_ root: String = "") throws {
    for name in ["noise/b.wav", "noise/street/a.wav", "noise/c.wav", "rooms/hall.wav"] {
      try folder.writeTone(root + name, seconds: 0.1)
    }
  }

  @Test func `lists are the same wherever they lie, and others where names are`() throws {
    try write()
    let before = try lists().contents
    #expect(before.keys.sorted() == ["noise", "rooms"])
    #expect(before["noise"]?.hasPrefix("3 recordings, SHA-256 ") == true)
    #expect(before["rooms"]?.hasPrefix("1 recording, SHA-256 ") == true)
    try write("elsewhere/")
    #expect(try lists("elsewhere/").contents == before)
    // Damage is no other list: the recording is still drawn, and replaced.
    try folder.write("noise/c.wav", "no audio")
    #expect(try lists().contents == before)

    let manager = FileManager.default
    try manager.moveItem(atPath: folder.path("noise/c.wav"), toPath: folder.path("noise/d.wav"))
    let renamed = try lists().contents
    #expect(renamed["noise"] != before["noise"] && renamed["rooms"] == before["rooms"])
    try folder.writeTone("noise/c.wav", seconds: 0.1)
    #expect(try lists().contents["noise"]?.hasPrefix("4 recordings") == true)
    try manager.removeItem(atPath: folder.path("noise/d.wav"))
    #expect(try lists().contents == before)
  }

  @Test func `names are told apart by where one ends`() throws {
    try folder.writeTone("one/noise/a.wavb.wav", seconds: 0.1)
    try folder.writeTone("one/noise/c.wav", seconds: 0.1)
    try folder.writeTone("two/noise/a.wav", seconds: 0.1)
    try folder.writeTone("two/noise/b.wavc.wav", seconds: 0.1)
    let contents = try ["one", "two"].map { try Augmentation(noise: folder.path("\($0)/noise")).lists.contents }
    #expect(contents[0] != contents[1])
  }

  @Test func `a recording has a name of its kind, by which it is found again`() throws {
    try write()
    let lists = try lists()
    let place = RecordingPlace(kind: .noise, index: 2)
    #expect(lists.name(of: place) == "noise/street/a.wav" && lists[place] == folder.path("noise/street/a.wav"))
    #expect(
      lists.places(of: ["rooms/hall.wav", "noise/none.wav", "noise/street/a.wav", "else/b.wav"]).map(\.kind)
        == [.rooms, .noise])
    #expect(lists.places(of: ["noise/street/a.wav"]) == [place])
  }

  @Test func `recordings that went come back into their places where that makes the list what it was`() throws {
    try write()
    let before = try lists()
    try FileManager.default.removeItem(atPath: folder.path("noise/b.wav"))
    let after = try lists()
    let names = ["noise/b.wav", "noise/c.wav", "rooms/hall.wav"]
    let back = after.bringingBack(names, toMatch: before.contents)
    #expect(back.contents == before.contents && back[.noise] == before[.noise])
    #expect(after.bringingBack([], toMatch: before.contents).contents == after.contents)
    // A list that lost another recording too stays as it is found.
    try FileManager.default.removeItem(atPath: folder.path("noise/street/a.wav"))
    let less = try lists()
    #expect(less.bringingBack(names, toMatch: before.contents)[.noise] == less[.noise])
    #expect(before.bringingBack(names, toMatch: before.contents)[.noise] == before[.noise])
  }

  @Test func `ranks that see other recordings stop together`() throws {
    try write()
    let noise = try NoiseCorpus(speakers: 3, utterances: 2)
    func plan() throws -> TrainingPlan {
      let settings = ["augmentation={noise: \(folder.path("noise")), rooms: \(folder.path("rooms"))}"]
      return try TrainingPlan(noise.configuration(settings), corpus: noise.corpus)
    }
    let whole = try plan()
    try FileManager.default.removeItem(atPath: folder.path("noise/b.wav"))
    let less = try plan()
    for (other, word) in [(whole, ""), (less, "rank 1 on ")] {
      let messages = try ThreadCommunicator.run(ranks: 2) { communicator -> String in
        do {
          try (communicator.rank == 1 ? other : whole).batches.agreeOnRecordings(communicator)
          return ""
        } catch let agreed as AgreedFailure {
          return agreed.failure.message
        }
      }
      #expect(messages.allSatisfy { $0.hasPrefix(word) && $0.isEmpty == word.isEmpty }, "\(messages)")
    }
  }
}
