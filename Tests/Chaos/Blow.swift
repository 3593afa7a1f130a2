/// The blows that may befall a run, by their names in the table.
enum Blow: String, CaseIterable {
  case killRank = "kill -9 of a rank"
  case killAll = "kill -9 of all"
  case killLauncher = "kill -9 of mpirun"
  case terminate = "SIGTERM"
  case stopRank = "SIGSTOP of a rank"
  case fullDisk = "disk full to the end"
  case fullDiskForAWhile = "disk full for a while"
  case flippedBit = "flipped bit in a checkpoint"
  case vanishedRecording = "vanished recording"
  case secondLaunch = "a second launch beside it"

  /// Whether the run folder lies on a small disk.
  var needsDisk: Bool { self == .fullDisk || self == .fullDiskForAWhile }

  /// Whether the run goes on by itself, without another launch.
  var leavesRunning: Bool { [.fullDiskForAWhile, .vanishedRecording, .secondLaunch].contains(self) }

  /// The blows that may strike a second time, whatever came first.
  static let repeatable: [Blow] = [.killRank, .killAll, .killLauncher, .terminate]
}
