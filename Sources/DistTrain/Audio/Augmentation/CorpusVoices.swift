/// The training corpus's own utterances as the voices of babble.
package struct CorpusVoices: Sendable {
  /// The indices of a person's utterances.
  private let utterances: @Sendable (_ person: Int) -> [Int]
  /// The voice of an utterance, from a fraction of it on.
  private let voice: @Sendable (_ utterance: Int, _ offset: Double) -> BabbleVoice
  private let people: Int
  /// The person behind each speaker of a batch, in which a voice at another speed is a speaker of its own.
  private let person: @Sendable (_ speaker: Int) -> Int

  package init(
    people: Int, person: @escaping @Sendable (Int) -> Int, utterances: @escaping @Sendable (Int) -> [Int],
    voice: @escaping @Sendable (Int, Double) -> BabbleVoice
  ) {
    precondition(people > 1, "babble needs somebody else's voice")
    self.people = people
    self.person = person
    self.utterances = utterances
    self.voice = voice
  }

  /// Draws an utterance of somebody other than the speaker.
  func draw(_ stream: inout RandomStream, speaker: Int) -> BabbleVoice {
    let drawn = stream.below(people - 1)
    let other = drawn < person(speaker) ? drawn : drawn + 1
    let candidates = utterances(other)
    return voice(candidates[stream.below(candidates.count)], stream.uniform())
  }
}
