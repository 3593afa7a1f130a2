import Foundation

/// The utterances of a shard.
struct ShardContents: Sendable {
  struct Entry: Sendable, Equatable {
    let key: String
    let speaker: String
    /// The offset in the shard of the recording's first byte.
    let offset: Int
  }

  private(set) var entries: [Entry] = []
  /// The utterances that are not whole, and the shard itself where it is damaged; the utterances before the damage are
  /// taken.
  private(set) var leftOut: [LeftOut] = []
  /// The number of members of each kind that are neither a recording nor a speaker and were passed over: `.json`.
  private(set) var passedOver: [String: Int] = [:]
  private let path: String

  init(_ path: String) {
    self.path = path
    var open = Open()
    do {
      var tar = try TarReader(path: path)
      while let member = try tar.next() {
        // As in wespeaker's reader, the members of an utterance follow each other, and the suffix follows the last dot.
        guard let name = member.name else {
          leftOut.append(
            LeftOut(
              utterance: "-", path: "\(path):\(member.offset)", reason: "its name is not UTF-8: write the shard anew"))
          continue
        }
        let (key, suffix) = Self.divided(name)
        let isSpeaker = suffix == "spk"
        guard isSpeaker || AudioSuffix.rank(suffix) != nil || AudioSuffix.foreign.contains(suffix) else {
          passedOver[AudioTree.kind(suffix), default: 0] += 1
          continue
        }
        if open.key.map({ Name($0) }) != Name(key) {
          close(open)
          open = Open(key: key)
        }
        if isSpeaker {
          open.add(try Self.speaker(member, tar.file))
        } else if open.offset == nil {
          open.suffix = suffix
          open.offset = member.offset
        } else {
          leftOut.append(
            LeftOut(
              utterance: UtteranceName.of(key), path: "\(path):\(member.offset)",
              reason: "another recording of its name comes before it in the shard, and is taken: name it otherwise"))
        }
      }
      close(open)
    } catch {
      // The members before the damage may be those of a whole utterance.
      if open.isWhole { close(open) }
      let reason = Failure(error).reason(at: path)
      leftOut.append(
        LeftOut(
          utterance: "-", path: path,
          reason:
            "\(reason); \(entries.count.counted("utterance")) of the shard \(entries.count.ifOne("is", "are")) taken"))
    }
  }

  /// An utterance whose members may not all have come yet.
  private struct Open {
    var key: String?
    /// The speaker that its member .spk names, or the reason why that is no speaker.
    var speaker: Result<String, Failure>?
    var suffix = ""
    var offset: Int?

    /// Takes the speaker that a member names; two that differ are none.
    mutating func add(_ named: Result<String, Failure>) {
      guard case .success(let first) = speaker, case .success(let second) = named, !ByteOrder.equal(first, second)
      else {
        speaker = speaker ?? named
        return
      }
      let reason = "its speaker is named twice, '\(first)' and '\(second)': leave one .spk in the shard"
      speaker = .failure(Failure(.badData, reason))
    }

    /// Whether both the speaker and the recording came.
    var isWhole: Bool { speaker != nil && offset != nil }
  }

  private mutating func close(_ open: Open) {
    guard let key = open.key else { return }
    do {
      guard let offset = open.offset else { throw Failure(.badData, "has no recording beside its speaker") }
      guard !AudioSuffix.foreign.contains(open.suffix) else {
        throw Failure(.badData, AudioSuffix.refusal(open.suffix))
      }
      guard let speaker = open.speaker else {
        throw Failure(.badData, "has no speaker (a member .spk) beside its recording")
      }
      guard !key.isEmpty else { throw Failure(.badData, "has no name before its suffix: write the shard anew") }
      entries.append(Entry(key: key, speaker: try speaker.get(), offset: offset))
    } catch {
      leftOut.append(LeftOut(utterance: UtteranceName.of(key), path: path, reason: Failure(error).message))
    }
  }

  private static func divided(_ name: String) -> (key: String, suffix: String) {
    guard let dot = name.utf8.lastIndex(of: UInt8(ascii: ".")) else { return (name, "") }
    return (String(name[..<dot]), name[name.utf8.index(after: dot)...].lowercased())
  }

  /// The speaker that a member names, or the reason why it names none.
  private static func speaker(_ member: TarReader.Member, _ file: InputFile) throws -> Result<String, Failure> {
    guard member.count <= 4096 else {
      throw Failure(.badData, "\(file.path): is a damaged shard: '\(member.name ?? "?")' has \(member.count) bytes")
    }
    let bytes = try file.read(at: member.offset, count: member.count)
    let remedy = "write \(member.name ?? "?") anew"
    guard let lines = try? TextLines.of(bytes, path: file.path) else {
      return .failure(Failure(.badData, "its speaker is not UTF-8: \(remedy)"))
    }
    guard let line = lines.first else { return .failure(Failure(.badData, "its speaker is empty: \(remedy)")) }
    guard lines.count == 1 else {
      return .failure(Failure(.badData, "its speaker is \(lines.count.counted("line")) where one names it: \(remedy)"))
    }
    return .success(line.text)
  }
}
