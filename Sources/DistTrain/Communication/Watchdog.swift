import CMPI
import Foundation

/// Finds out which ranks do not take part in an operation that takes too long.
///
/// Every rank that waits looks for messages now and then. A rank whose wait exceeds the limit asks all others what they
/// wait for. A rank that does not answer within the grace period computes, sleeps or is gone, and so is missing.
final class Watchdog {
  /// The decision after a look.
  enum Verdict {
    case goOn
    /// The job must end; the text says which ranks are missing.
    case end(String)
  }

  private struct Inquiry {
    let began: Double
    /// The operation in which each rank that answered waits, by rank.
    var answers: [Int: String] = [:]
  }

  /// A message that MPI may still read.
  private final class Letter {
    var request = CMPIRequest()
    let bytes: UnsafeMutableBufferPointer<UInt8>

    init(_ text: String) {
      bytes = .allocate(capacity: text.utf8.count)
      _ = bytes.initialize(from: text.utf8)
    }

    deinit { bytes.deallocate() }
  }

  private static let question: Int32 = 1
  private static let answer: Int32 = 2

  private let communicator: CMPICommunicator
  private let rank: Int
  private let hosts: [String]
  private let processes: [ProcessMark]
  private let limit: Double
  private let grace: Double
  private var inquiry: Inquiry?
  private var inquiries = 0
  /// Whether a lower rank inquires as well, perhaps before this one, and so is the one to speak.
  private var lowerRankAsks = false
  /// Whether all ranks were found to take part in the operation under way, which nevertheless does not end.
  private var isExtended = false
  private var letters: [Letter] = []
  /// The time at which the present wait found that this rank is asked to stop.
  private var heard: Double?
  private var hasSaid = false
  /// The words in which the ranks announced what they do at present.
  var activity = ""

  /// - Parameters:
  ///   - communicator: a communicator for the messages of the watchdogs alone.
  ///   - rank: the number of this rank.
  ///   - hosts: the name of each rank's host.
  ///   - processes: the process of each rank, or none where they are not known yet.
  ///   - limit: the seconds that a rank waits before it inquires.
  init(communicator: CMPICommunicator, rank: Int, hosts: [String], processes: [ProcessMark], limit: Double) {
    self.communicator = communicator
    self.rank = rank
    self.hosts = hosts
    self.processes = processes
    self.limit = limit
    // Waiting ranks look every few milliseconds, but where many ranks share few cores, or a network is in trouble, they
    // take their time.
    grace = min(10, max(2, limit / 10))
  }

  /// Answers the questions of the others and, after the limit, asks its own.
  /// - Parameters:
  ///   - operation: the operation in which this rank waits.
  ///   - waited: the seconds since the operation, or the present piece of it, began.
  ///   - now: the seconds on a clock that only goes forward.
  func look(operation: Operation, waited: Double, now: Double) -> Verdict {
    letters.removeAll { hasArrived($0) }
    while let (sender, tag, text) = nextMessage() {
      if tag == Self.question {
        send("\(text) \(operation)", to: sender, tag: Self.answer)
        if sender < rank { lowerRankAsks = true }
      } else {
        note(text, from: sender)
      }
    }
    guard let inquiry else {
      if waited > patience { ask(now: now) }
      return .goOn
    }
    // After a lower rank's question this rank speaks only if the lower one fails to.
    guard now - inquiry.began > (lowerRankAsks ? 3 * grace : grace) else { return .goOn }
    return conclude(inquiry, operation: operation)
  }

  /// Says once, a second after a request to stop, that this rank still waits: the step ends before the run does.
  func sayIfStopped(operation: Operation, now: Double) {
    guard let signal = StopRequest.received, !hasSaid else { return }
    guard let heard else {
      self.heard = now
      return
    }
    guard now - heard > 0.8 else { return }
    hasSaid = true
    StandardError.say(
      "note: rank \(rank) on \(hosts[rank]) got \(StopRequest.name(signal)) and waits in \(operation) for other ranks, "
        + "\(Int(limit)) s at most; INT twice ends it at once")
  }

  /// Forgets what was asked about an operation that has ended.
  func operationEnded() {
    if inquiry != nil { inquiry = nil }
    heard = nil
    lowerRankAsks = false
    isExtended = false
  }

  private func ask(now: Double) {
    inquiries += 1
    inquiry = Inquiry(began: now)
    for other in hosts.indices where other != rank { send("\(inquiries)", to: other, tag: Self.question) }
  }

  /// Keeps an answer `number operation` to the inquiry of that number, if it is under way; late answers are of no use.
  private func note(_ text: String, from sender: Int) {
    let parts = text.split(separator: " ", maxSplits: 1)
    guard parts.count == 2, Int(parts[0]) == inquiries else { return }
    inquiry?.answers[sender] = String(parts[1])
  }

  private func conclude(_ inquiry: Inquiry, operation: Operation) -> Verdict {
    let others = hosts.indices.filter { $0 != rank }
    let missing = others.filter { inquiry.answers[$0] == nil }
    let elsewhere = others.filter { inquiry.answers[$0].map { $0 != "\(operation)" } ?? false }
    if missing.isEmpty && elsewhere.isEmpty && !isExtended {
      // The last of the ranks may have come only a moment ago.
      isExtended = true
      lowerRankAsks = false
      self.inquiry = nil
      return .goOn
    }
    var findings: [String] = []
    if !missing.isEmpty { findings.append("missing: \(list(missing) { name($0) + condition($0) })") }
    if !elsewhere.isEmpty {
      findings.append("elsewhere: \(list(elsewhere) { "\(name($0)) in \(inquiry.answers[$0] ?? "")" })")
    }
    if findings.isEmpty { findings.append("all ranks take part, so the network between them fails") }
    let during = activity.isEmpty ? "" : ", \(activity)"
    return .end("waited \(Int(patience)) s in \(operation)\(during); \(findings.joined(separator: "; "))")
  }

  /// The state of a rank's process as the kernel tells it, where the process runs on this host.
  private func condition(_ rank: Int) -> String {
    guard processes.indices.contains(rank), hosts[rank] == hosts[self.rank],
      let condition = processes[rank].condition
    else { return "" }
    return " (process \(processes[rank].pid), \(condition))"
  }

  /// The seconds of waiting before the next inquiry.
  private var patience: Double { isExtended ? 2 * limit : limit }

  private func name(_ rank: Int) -> String { "rank \(rank) on \(hosts[rank])" }

  private func list(_ ranks: [Int], _ describe: (Int) -> String) -> String {
    let shown = 8
    let names = ranks.prefix(shown).map(describe).joined(separator: ", ")
    return ranks.count > shown ? "\(names) and \(ranks.count - shown) more" : names
  }

  // A watchdog's message that fails is no failure of the operation that it watches: return codes only end the attempt.

  private func send(_ text: String, to receiver: Int, tag: Int32) {
    let letter = Letter(text)
    let code = cmpi_send(
      communicator, letter.bytes.baseAddress, Int32(letter.bytes.count), Int32(receiver), tag, &letter.request)
    if code == 0 { letters.append(letter) }
  }

  private func hasArrived(_ letter: Letter) -> Bool {
    var done: Int32 = 0
    return cmpi_test(&letter.request, &done) != 0 || done != 0
  }

  private func nextMessage() -> (sender: Int, tag: Int32, text: String)? {
    var found: Int32 = 0
    var sender: Int32 = 0
    var tag: Int32 = 0
    var count: Int32 = 0
    guard cmpi_probe(communicator, &found, &sender, &tag, &count) == 0, found != 0 else { return nil }
    var bytes = [UInt8](repeating: 0, count: Int(count))
    guard cmpi_receive(communicator, &bytes, count, sender, tag) == 0 else { return nil }
    return (Int(sender), tag, String(decoding: bytes, as: UTF8.self))
  }
}
