import Foundation

/// Recordings that a page has in itself, to be heard where its reader asks for it: WAV of 16 kHz and 16 bits, 0.43 MB
/// each as text.
package final class PagePlayers {
  /// The seconds that are heard of a recording at most.
  package static let longest = 10.0
  /// The most recordings of a page.
  package static let most = 80

  private var count = 0
  /// The utterances that have a player in this part of the page.
  private var heard: Set<Name> = []

  /// Begins a part of the page, in which each utterance has one player.
  func begin() { heard = [] }

  /// The player of an utterance, or a line in its place that says why there is none.
  /// - Parameter place: the stretch of the recording; nil where it is not known.
  func player(of name: String, at place: RecordedUtterances.Place?) -> String {
    guard !heard.contains(Name(name)) else { return Self.line("to be heard above") }
    guard let place else { return Self.line("no recording is known") }
    guard count < Self.most else { return Self.line("not in the page, which has \(Self.most) recordings") }
    do {
      let samples = try Waveform.read(
        path: place.path, start: place.start, seconds: Self.longest, channel: place.channel)
      count += 1
      heard.insert(Name(name))
      let text = Data(WaveBytes.bytes(samples)).base64EncodedString()
      return "<audio controls=\"controls\" preload=\"none\" title=\"\(Markup.escaped(name))\" "
        + "src=\"data:audio/wav;base64,\(text)\"></audio>"
    } catch {
      return Self.line("cannot be heard: \(Failure(error).message)")
    }
  }

  private static func line(_ text: String) -> String {
    "<br/><span class=\"missing\">\(Markup.escaped(text))</span>"
  }
}
