import Synchronization

/// The impulse responses that have been read, kept as long as they are few.
final class RoomCache: Sendable {
  private let sampleRate: Int
  private let rooms = Mutex<[Name: RoomResponse]>([:])
  /// The largest number of responses to keep. Sets of measured rooms have tens of responses; sets of simulated ones
  /// have tens of thousands, most of which a run meets only once.
  private static let capacity = 256

  init(sampleRate: Int) {
    self.sampleRate = sampleRate
  }

  /// The response of a room: the first channel of the recording, because the mean of several microphones would not be
  /// that of any room. One whose file has gone since is not given any more, as it is not by ranks that come to it only
  /// now.
  func room(at path: String) throws -> RoomResponse {
    if let room = rooms.withLock({ $0[Name(path)] }), FileSystem.exists(path) { return room }
    let file = try AudioFile(path: path)
    try RoomResponse.check(file)
    let whole = try Waveform.samples(of: file, sampleRate: sampleRate)
    let room = try RoomResponse(Waveform.read(file, whole, sampleRate: sampleRate, channel: 0), path: path)
    rooms.withLock { if $0.count < Self.capacity { $0[Name(path)] = room } }
    return room
  }
}
