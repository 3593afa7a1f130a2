import Synchronization

/// Impulse responses that have been read, kept as long as they are few.
final class RoomCache: Sendable {
  private let sampleRate: Int
  private let rooms = Mutex<[String: RoomResponse]>([:])
  /// Sets of measured rooms have tens of responses, simulated ones tens of thousands, most of which a run meets once.
  private static let capacity = 256

  init(sampleRate: Int) {
    self.sampleRate = sampleRate
  }

  /// The first channel of a recording as a room's response: the mean of several microphones would be no room's.
  func room(at path: String) throws -> RoomResponse {
    if let room = rooms.withLock({ $0[path] }) { return room }
    let room = try RoomResponse(Waveform.read(path: path, sampleRate: sampleRate, channel: 0), path: path)
    rooms.withLock { if $0.count < Self.capacity { $0[path] = room } }
    return room
  }
}
