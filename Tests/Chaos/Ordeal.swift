import DistTrain
import Foundation

/// One run from its first launch to its end, and what befalls it on the way. All draws come from the seed and the run's
/// number; when exactly a blow falls also depends on how fast the machine is.
struct Ordeal {
  let stage: Stage
  let blow: Blow
  let folder: String
  private var draws: RandomStream
  private(set) var verdict: Verdict
  private var disk: SmallDisk?
  private var corpus: String
  /// The checkpoint whose bit was flipped.
  private var spoiled: Int?
  /// The recording that vanished, and the steps done before.
  private var vanished: (id: String, steps: Int)?

  private var run: String { (disk?.path ?? folder) + "/run" }
  private var record: RunRecord { RunRecord(folder: run) }

  init(stage: Stage, blow: Blow, number: Int, seed: UInt64) throws {
    self.stage = stage
    self.blow = blow
    folder = "\(stage.folder)/run-\(number)"
    draws = RandomStream(seed: seed, purpose: .test, item: number)
    verdict = Verdict(blow: blow)
    corpus = stage.corpus
    try FileSystem.createFolder(folder)
    if blow.needsDisk { disk = try SmallDisk(mountedOn: folder + "/disk", megabytes: 48) }
    if blow == .vanishedRecording {
      corpus = folder + "/corpus"
      try FileManager.default.copyItem(atPath: stage.corpus, toPath: corpus)
    }
  }

  /// Launches until the run is done, and compares what it left with the undisturbed run.
  /// - Returns: the verdict; the folder stays where that is bad.
  mutating func judge() throws -> Verdict {
    var blows = [blow]
    if !blow.leavesRunning, !blow.needsDisk, draws.below(4) == 0 {
      blows.append(Blow.repeatable[draws.below(Blow.repeatable.count)])
    }
    var ranks = Stage.ranks
    var isDone = false
    for next in blows where !isDone && verdict.isGood {
      isDone = try launch(ranks: ranks, struckBy: next)
      if next == blow, !blow.leavesRunning, draws.below(3) == 0 {
        ranks = [1, 3][draws.below(2)]
      }
    }
    if verdict.isGood, !isDone { isDone = try launch(ranks: ranks, struckBy: nil) }
    if verdict.isGood { try compare() }
    try clear()
    return verdict
  }

  /// Launches the run once and waits for its end.
  /// - Returns: whether the run is done.
  private mutating func launch(ranks: Int, struckBy blow: Blow?) throws -> Bool {
    var arguments = stage.arguments(run: run, corpus: corpus)
    if blow == .stopRank { arguments += ["--timeout", "\(Stage.patience)"] }
    // A bit flipped in the only checkpoint: the run is refused, and a new one has to be asked for.
    let expected = record.checkpoints.last { $0 != spoiled }
    if expected == nil, spoiled != nil {
      guard try isRefused(arguments, ranks: ranks) else { return false }
      arguments.append("--restart")
    }
    let launch = try start(arguments, ranks: ranks)
    if let blow { try strike(launch, blow) }
    guard launch.wait(seconds: Stage.limit) else {
      verdict.isHung = true
      verdict.story.append("hung")
      return false
    }
    if !launch.waitForRanks(seconds: 30) { verdict.problems.append("ranks outlive mpirun by 30 s") }
    check(launch, struckBy: blow, expected: expected)
    return launch.status == 0
  }

  private mutating func start(_ arguments: [String], ranks: Int) throws -> Launch {
    verdict.launches += 1
    let log = URL(fileURLWithPath: "\(folder)/launch-\(verdict.launches).log")
    return try Launch(stage.program, arguments, ranks: ranks, log: log)
  }

  private mutating func isRefused(_ arguments: [String], ranks: Int) throws -> Bool {
    let launch = try start(arguments, ranks: ranks)
    guard launch.wait(seconds: Stage.limit) else {
      verdict.isHung = true
      return false
    }
    let isRefused = launch.status == 65 && launch.output.contains("--restart")
    if !isRefused { verdict.problems.append("a run without a whole checkpoint is not refused: \(launch.status)") }
    spoiled = nil
    verdict.story.append("refused, restarted")
    return isRefused
  }
}

extension Ordeal {
  /// Waits for a random moment and strikes.
  private mutating func strike(_ launch: Launch, _ blow: Blow) throws {
    let done = record.lines
    // Sometimes while the ranks still start.
    let step = draws.below(10) == 0 ? done : done + draws.below(max(1, Stage.steps - done))
    let delay = step == done ? draws.uniform(0, 2) : draws.uniform(0, 0.1)
    let record = record
    _ = launch.wait(seconds: Stage.limit) { step == done || record.lines >= step }
    _ = launch.wait(seconds: delay)
    guard launch.isRunning else {
      verdict.story.append("\(blow.rawValue) too late")
      return
    }
    verdict.isStruck = true
    verdict.story.append("\(blow.rawValue) after step \(record.lines)")
    let rank = draws.below(launch.ranks)
    switch blow {
    case .killRank: launch.send(SIGKILL, toRank: rank)
    case .killAll, .flippedBit: launch.killAll()
    case .killLauncher: launch.sendToLauncher(SIGKILL)
    case .terminate:
      if draws.below(2) == 0 { launch.sendToLauncher(SIGTERM) } else { launch.send(SIGTERM, toRank: rank) }
    case .stopRank: launch.send(SIGSTOP, toRank: rank)
    case .fullDisk: disk?.fill()
    case .fullDiskForAWhile:
      disk?.fill()
      _ = launch.wait(seconds: draws.uniform(0.1, 1.5))
      try disk?.free()
    case .vanishedRecording: try removeRecording()
    case .secondLaunch: try launchBeside()
    }
    if blow == .flippedBit { try flipBit() }
  }

  /// Launches the same run once more while it is under way: the folder has one writer, and the other is told so.
  private mutating func launchBeside() throws {
    let second = try start(stage.arguments(run: run, corpus: corpus), ranks: 1)
    guard second.wait(seconds: Stage.limit) else {
      verdict.isHung = true
      return
    }
    // The first may have been done by then.
    if second.status == 0, second.output.contains("done: \(Stage.steps) steps") { return }
    if second.status != 1 || !second.output.contains("\(run) is in use") {
      verdict.problems.append("a second launch is not refused: status \(second.status)")
    }
  }

  private mutating func removeRecording() throws {
    let id = Stage.recordings[draws.below(Stage.recordings.count)]
    vanished = (id, record.lines)
    try FileSystem.remove("\(corpus)/\(id).wav")
  }

  private mutating func flipBit() throws {
    let steps = record.checkpoints
    guard !steps.isEmpty else { return }
    let step = steps[draws.below(steps.count)]
    let path = record.checkpoint(step)
    let names = try FileSystem.names(in: path)
    let file = URL(fileURLWithPath: path + "/" + names[draws.below(names.count)])
    var bytes = try Data(contentsOf: file)
    let offset = draws.below(bytes.count)
    bytes[offset] ^= 1 << UInt8(draws.below(8))
    try bytes.write(to: file)
    spoiled = step
    verdict.story.append("byte \(offset) of \(file.lastPathComponent) of step \(step)")
  }
}

extension Ordeal {
  /// Checks what has to be true after a launch, whatever ended it.
  private mutating func check(_ launch: Launch, struckBy blow: Blow?, expected: Int?) {
    let output = launch.output
    let goingOn = expected.map { "resuming from step \($0)," }
    if let goingOn, !output.contains(goingOn), !verdict.isStruck || blow == nil {
      verdict.problems.append("launch \(verdict.launches) does not say \"\(goingOn)\"")
    }
    if expected == nil, output.contains("resuming from step") {
      verdict.problems.append("launch \(verdict.launches) goes on from where nothing was")
    }
    if blow == nil || blow == .vanishedRecording || blow == .secondLaunch, launch.status != 0 {
      verdict.problems.append("launch \(verdict.launches) ends with status \(launch.status)")
    }
    if launch.status == 0, !output.contains("done: \(Stage.steps) steps") {
      verdict.problems.append("launch \(verdict.launches) ends with status 0 before the run is done")
    }
    // A run that ends while there is no room fails, and the next launch goes on.
    if launch.status != 0, blow?.needsDisk == true, !output.contains("No space left on device") {
      verdict.problems.append("launch \(verdict.launches) does not say that the disk is full")
    }
    for step in record.checkpoints where step != spoiled {
      do {
        _ = try Checkpoint(verifying: record.checkpoint(step))
      } catch {
        verdict.problems.append("a checkpoint under its final name is not whole: \(error)")
      }
    }
    try? disk?.free()
  }

  /// The finished run beside the undisturbed one.
  private mutating func compare() throws {
    let metrics: [StepMetrics]
    let files: [String: [UInt8]]
    do {
      metrics = try record.metrics()
      files = try record.results(step: Stage.steps)
    } catch {
      verdict.problems.append("the finished run cannot be read: \(error)")
      return
    }
    let steps = metrics.map(\.step)
    if steps != Array(1...Stage.steps) { verdict.problems.append("the log holds steps \(steps)") }
    if !record.leftovers.isEmpty { verdict.problems.append("left behind: \(record.leftovers)") }
    let reference = stage.reference
    let losses = metrics.map(\.losses)
    let same = zip(losses, reference.losses).prefix { $0 == $1 }.count
    if let vanished, let met = record.stepOfReplacement {
      check(losses, vanished: vanished, met: met, same: same)
      return
    }
    let different = reference.files.keys.sorted().filter { files[$0] != reference.files[$0] }
    verdict.hasBits = different.isEmpty && losses == reference.losses
    if !verdict.hasBits {
      verdict.problems.append("other bits than undisturbed in \(different), in losses after step \(same)")
    }
  }

  /// A recording that is gone changes the steps from the first that would have heard it, and the log says so.
  /// - Parameters:
  ///   - met: the step that the list of bad utterances names.
  ///   - same: how many steps have the undisturbed run's losses.
  private mutating func check(_ losses: [[Double]], vanished: (id: String, steps: Int), met: Int, same: Int) {
    verdict.hasBits = same == met - 1
    if !verdict.hasBits {
      verdict.problems.append("step \(same + 1) differs, the recording is missing from step \(met) on")
    }
    if met <= vanished.steps { verdict.problems.append("it is missing from step \(met) on, before it vanished") }
    if !losses.joined().allSatisfy(\.isFinite) { verdict.problems.append("a loss is not finite") }
    let log = (try? String(contentsOfFile: "\(folder)/launch-1.log", encoding: .utf8)) ?? ""
    if !log.contains("utterance \(vanished.id) is replaced") {
      verdict.problems.append("the log does not name the recording that is missing")
    }
  }

  /// Removes a good run; a bad one stays, with what was on its disk.
  private mutating func clear() throws {
    if let disk {
      if !verdict.isGood { try FileManager.default.copyItem(atPath: run, toPath: folder + "/run") }
      try disk.unmount()
    }
    if verdict.isGood { try FileSystem.remove(folder) }
  }
}
