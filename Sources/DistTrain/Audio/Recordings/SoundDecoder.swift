import CSndFile
import Foundation

/// A decoder of one file by libsndfile, which several threads may use.
///
/// A stream that does not tell its length (Ogg without its last page, FLAC written to a pipe, MP3 without a table of
/// its length) is decoded once when it is opened. The samples that `read` returns depend on the file and the stretch
/// alone, never on what was read before. For PCM, FLAC and other exact formats they equal the same stretch of the whole
/// recording bit for bit. For lossy formats libsndfile's seek is not sample-exact (measured with libsndfile 1.2.0,
/// samples in ±1):
/// - Vorbis: after a seek the position can be off by some hundred samples where long and short blocks mix. The file is
///   always decoded from the start, which is exact (3,000 times faster than real time at 16 kHz mono).
/// - Opus: after a seek samples differ by up to 1.5e-3, whatever the pre-roll, because a part of the decoder's state
///   fades slowly. A stretch that begins within the first 10 s is decoded from the start, which is exact; a later one
///   after a seek with a second of pre-roll.
/// - MP3: after a seek samples are wrong by up to 0.4 in the first tenth of a second, and exact after half a second of
///   pre-roll. A stretch that begins within the first minute is decoded from the start; a later one after a seek with a
///   second of pre-roll. A stream without a table of its length is always decoded from the start.
/// - Codecs in which libsndfile cannot seek, such as GSM 06.10 in WAV and DWVW in AIFF, are decoded from the start,
///   which is exact. They are known by its refusal, because it calls DWVW seekable.
///
/// Unchecked: the lock protects the state.
final class SoundDecoder: @unchecked Sendable {
  let path: String
  let sampleRate: Int
  let channels: Int
  let frames: Int
  /// Whether the recording is an MPEG stream, such as MP3.
  let isMPEG: Bool
  private let origin: Origin
  private let access: Access
  private let lock = NSLock()
  private var state: State

  /// The way in which a stretch of the recording is reached.
  private enum Access {
    /// Seeking gives the same samples as decoding from the start.
    case exact
    /// Only decoding from the start gives the right samples; beyond so many samples, a seek with pre-roll comes near
    /// enough.
    case sequential(upTo: Int)
  }

  /// The file or member of a shard that a decoder opens, as often as it has to begin anew.
  private struct Origin {
    let path: String
    /// The place of the recording within a shard, or nil for a file of its own.
    let member: ShardMember?
    var end = VirtualFile.End.told

    func open(_ info: inout SF_INFO) -> (file: OpaquePointer, source: MemberFile?)? {
      info = SF_INFO()
      guard let member else { return SoundHandle.open(path, &info).map { ($0, nil) } }
      let source = MemberFile(member, end: end)
      return source.open(Int(SFM_READ), &info).map { ($0, source) }
    }
  }

  private struct State: ~Copyable {
    var file: OpaquePointer?
    /// The source that `file` reads from, where libsndfile does not open the file itself.
    var source: MemberFile?
    /// The next sample; nil once a seek has left a lossy decoder in another state than decoding from the start would
    /// have.
    var position: Int?
    /// The samples before `position`, interleaved, where only decoding from the start gives the right ones: a stretch
    /// that is resampled reads some before it again.
    var tail: [Float] = []

    deinit {
      if let file { sf_close(file) }
    }
  }

  /// Opens a recording.
  /// - Parameter member: the place of the recording within a shard, or nil for a file of its own.
  /// - Throws: `Failure(.badData)` for a file that is not audio that libsndfile reads.
  init(path: String, member: ShardMember? = nil) throws(Failure) {
    var info = SF_INFO()
    var origin = Origin(path: path, member: member)
    var opened = origin.open(&info)
    if let guessed = opened, Self.isMPEG(info) {
      let bytes: ShardMember
      do throws(Failure) {
        bytes = if let member { member } else { try ShardMember.whole(path) }
      } catch {
        sf_close(guessed.file)
        throw error
      }
      if !MPEGStream.tellsLength(bytes) {
        sf_close(guessed.file)
        (origin, opened) = Self.measured(bytes, path, &info)
      }
    }
    guard let opened else {
      // libsndfile keeps one reason for all threads, which may be another recording's.
      throw AudioFile.unusable(path, "is not audio that libsndfile reads", cause: .noAudio)
    }
    self.path = path
    self.origin = origin
    sampleRate = Int(info.samplerate)
    channels = Int(info.channels)
    isMPEG = Self.isMPEG(info)
    frames = Self.isKnown(info.frames) ? Int(info.frames) : Self.count(origin)
    access = origin.end == .told ? Self.access(info) : .sequential(upTo: .max)
    state = State(file: opened.file, source: opened.source, position: 0)
  }

  /// Opens an MPEG stream whose length nothing tells so that it is measured, not guessed from the size of the file.
  private static func measured(
    _ bytes: ShardMember, _ path: String, _ info: inout SF_INFO
  ) -> (Origin, (file: OpaquePointer, source: MemberFile?)?) {
    // libsndfile 1.2.0 says that the length is not known where the file's end is refused. Later versions refuse the
    // file then; they go through all of its frames where the end seems to be where the stream begins.
    let refusing = Origin(path: path, member: bytes, end: .refused)
    if let opened = refusing.open(&info) { return (refusing, opened) }
    let hiding = Origin(path: path, member: bytes, end: .hidden)
    return (hiding, hiding.open(&info))
  }

  /// Whether a length is known. For streams that were cut off or written to a pipe, libsndfile reports its largest
  /// number.
  private static func isKnown(_ frames: sf_count_t) -> Bool { frames < 1 << 50 }

  /// The length of a recording whose header does not tell it, found by decoding the recording; beyond
  /// `AudioFile.longest`, so much of it as shows that it is longer.
  private static func count(_ origin: Origin) -> Int {
    var info = SF_INFO()
    guard let (file, source) = origin.open(&info) else { return 0 }
    defer { withExtendedLifetime(source) { _ = sf_close(file) } }
    let part = 4096
    let most = AudioFile.longest * Double(max(1, info.samplerate))
    return withUnsafeTemporaryAllocation(of: Float.self, capacity: part * max(1, Int(info.channels))) { buffer in
      var count = 0
      while case let decoded = Int(sf_readf_float(file, buffer.baseAddress, sf_count_t(part))), decoded > 0,
        Double(count) <= most
      {
        count += decoded
      }
      return count
    }
  }

  /// The largest number of samples, of all channels together, that are decoded in one call.
  private static let part = 1 << 22

  /// Reads `count` samples of each channel from sample `from` on and hands them on in parts, interleaved. A header may
  /// promise more samples than there are: memory is taken only for those that come.
  /// - Throws: `Failure(.badData)` where decoding stops early, and what `take` throws.
  func read(from: Int, count: Int, _ take: (_ interleaved: [Float]) throws(Failure) -> Void) throws(Failure) {
    lock.lock()
    defer { lock.unlock() }
    let known = Self.decoded(state, from: from, count: count, channels: channels, access)
    if !known.isEmpty { try take(known) }
    let rest = count - known.count / channels
    guard rest > 0 else { return }
    try seek(to: from + count - rest, &state)
    try decode(rest, at: from + count - rest, &state, take)
  }

  /// The samples of a stretch that were decoded last and are still there; none where a seek would give others.
  private static func decoded(
    _ state: borrowing State, from: Int, count: Int, channels: Int, _ access: Access
  ) -> [Float] {
    guard case .sequential(let limit) = access, from <= limit, let position = state.position, from < position else {
      return []
    }
    let start = state.tail.count - (position - from) * channels
    guard start >= 0 else { return [] }
    return Array(state.tail[start..<min(state.tail.count, start + count * channels)])
  }

  /// The number of samples of each channel that are kept.
  private static let kept = 8192

  /// Makes a sample the next to be decoded.
  private func seek(to target: Int, _ state: inout State) throws(Failure) {
    switch access {
    case .exact:
      guard state.position != target else { return }
      guard Self.jump(to: target, &state) else { return try start(at: target, &state) }
      state.position = target
    case .sequential(let limit) where target > limit:
      try reopen(&state)
      let place = max(0, target - sampleRate)
      guard Self.jump(to: place, &state) else { return try start(at: target, &state) }
      try discard(target - place, at: place, &state)
    case .sequential: try start(at: target, &state)
    }
  }

  /// Makes a sample the next by decoding from the start, or from a sample before it that this has reached.
  private func start(at target: Int, _ state: inout State) throws(Failure) {
    if state.position == nil || state.position! > target { try reopen(&state) }
    try discard(target - state.position!, at: state.position!, &state)
  }

  /// Seeks a sample; false says that libsndfile refuses that.
  private static func jump(to target: Int, _ state: inout State) -> Bool {
    state.position = nil
    state.tail = []
    return sf_seek(state.file, sf_count_t(target), Int32(SEEK_SET)) == target
  }

  private func discard(_ count: Int, at position: Int, _ state: inout State) throws(Failure) {
    var done = 0
    while done < count {
      let part = min(count - done, sampleRate)
      try decode(part, at: position + done, &state) { _ in }
      done += part
    }
  }

  private func decode(
    _ count: Int, at position: Int, _ state: inout State, _ take: ([Float]) throws(Failure) -> Void
  ) throws(Failure) {
    let file = state.file
    let isKnown = state.position != nil
    // Whatever ends this early leaves the decoder where the next stretch must not begin.
    state.position = nil
    var done = 0
    while done < count {
      let wanted = min(count - done, max(1, Self.part / channels))
      var decoded = 0
      let part = [Float](unsafeUninitializedCapacity: wanted * channels) { buffer, initialized in
        decoded = max(0, Int(sf_readf_float(file, buffer.baseAddress, sf_count_t(wanted))))
        initialized = decoded * channels
      }
      guard decoded == wanted else { throw truncated(at: position + done + decoded) }
      try take(part)
      if isKnown, case .sequential = access {
        state.tail = Array((part.count < Self.kept * channels ? state.tail + part : part).suffix(Self.kept * channels))
      }
      done += wanted
    }
    if isKnown { state.position = position + count }
  }

  private func reopen(_ state: inout State) throws(Failure) {
    if let file = state.file { sf_close(file) }
    var info = SF_INFO()
    let opened = origin.open(&info)
    state.file = opened?.file
    state.source = opened?.source
    state.position = 0
    state.tail = []
    if state.file == nil {
      throw AudioFile.unusable(path, "can no longer be opened: was it replaced or removed?")
    }
  }

  private func truncated(at frame: Int) -> Failure {
    let end = AudioFile.time(frame, sampleRate)
    return AudioFile.unusable(
      path, "is truncated: decoding stops at \(end) of \(AudioFile.time(frames, sampleRate)); copy or convert it again")
  }

  private static func access(_ info: SF_INFO) -> Access {
    if isMPEG(info) { return .sequential(upTo: 60 * Int(info.samplerate)) }
    switch Int(info.format) & Int(SF_FORMAT_SUBMASK) {
    case Int(SF_FORMAT_VORBIS): return .sequential(upTo: .max)
    case Int(SF_FORMAT_OPUS): return .sequential(upTo: 10 * Int(info.samplerate))
    default: return .exact
    }
  }

  private static func isMPEG(_ info: SF_INFO) -> Bool {
    [SF_FORMAT_MPEG_LAYER_I, SF_FORMAT_MPEG_LAYER_II, SF_FORMAT_MPEG_LAYER_III].contains {
      Int($0) == Int(info.format) & Int(SF_FORMAT_SUBMASK)
    }
  }
}
