/// The channel that is heard of recordings of several for which the source names none.
package enum ChannelChoice: Sendable, Equatable {
  /// The mean of all channels.
  case mean
  /// One channel, counted from 0.
  case one(Int)
  /// Each channel, as an utterance of its own by a speaker of its own, because the two ends of a call are two speakers.
  case each

  /// The largest number of a channel that libsndfile has.
  private static let last = 1023

  /// A choice as options spell it: `mean`, `each` or the number of a channel; nil for anything else.
  package init?(_ text: String) {
    switch text {
    case "mean": self = .mean
    case "each": self = .each
    default:
      guard let channel = Int(text), (0...Self.last).contains(channel) else { return nil }
      self = .one(channel)
    }
  }

  /// The utterances that an utterance becomes, each with the channel on which it is heard.
  /// - Throws: `Failure(.badData)` for a recording that cannot be opened, where its channels have to be counted.
  func utterances(_ utterance: ListedUtterance, path: (ListedUtterance) throws -> String) throws -> [ListedUtterance] {
    switch self {
    case .mean: return [utterance]
    case .one(let channel): return [utterance.heard(on: channel)]
    case .each:
      let recording = utterance.pieces.first ?? utterance
      guard recording.channel == nil else { return [utterance] }
      let count = try AudioFile(path: path(recording)).channels
      return count == 1 ? [utterance] : (0..<count).map { utterance.ofChannel($0) }
    }
  }

  /// Checks that the names which `each` makes are not taken.
  /// - Parameter utterances: the utterances before and after their channels were told apart.
  /// - Throws: `Failure(.badData)` where an id or a speaker's name is taken.
  static func checkNames(_ utterances: [(from: ListedUtterance, made: ListedUtterance)]) throws {
    let made = utterances.filter { Name($0.made.id) != Name($0.from.id) }
    let ids = Set(utterances.filter { Name($0.made.id) == Name($0.from.id) }.map { Name($0.made.id) })
    let speakers = Set(utterances.map { Name($0.from.speaker) })
    for (from, made) in made {
      guard !ids.contains(Name(made.id)) else {
        throw Failure(.badData, "\(from.path): the utterance id '\(made.id)' is needed for a channel: rename it")
      }
      guard !speakers.contains(Name(made.speaker)) else {
        throw Failure(.badData, "\(from.path): the speaker '\(made.speaker)' is needed for a channel: rename it")
      }
    }
  }
}

extension ListedUtterance {
  /// The utterance, and all its pieces, on a channel where the lists name none.
  fileprivate func heard(on channel: Int) -> ListedUtterance {
    var utterance = self
    utterance.channel = utterance.channel ?? channel
    utterance.pieces = pieces.map { $0.heard(on: channel) }
    return utterance
  }

  /// The utterance as it is heard on a channel, with an id and a speaker of its own.
  fileprivate func ofChannel(_ channel: Int) -> ListedUtterance {
    var utterance = ListedUtterance(
      id: "\(id)-ch\(channel)", speaker: "\(speaker)-ch\(channel)", path: path, recording: recording, start: start,
      seconds: seconds)
    utterance.pieces = pieces
    return utterance.heard(on: channel)
  }
}
