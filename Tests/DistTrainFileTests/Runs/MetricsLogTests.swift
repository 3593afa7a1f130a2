import DistTrain
import Foundation
import TestTools
import Testing

@Suite struct MetricsLogTests {
  @Test func `a line has the keys and numbers of its step, null where there is none`() throws {
    var metrics = StepMetrics(step: 100, epoch: 2, objectives: ["classification", "contrastive"])
    metrics["classification"].loss = 6.125
    metrics["contrastive"].loss = .infinity
    metrics["classification"].weight = 0.1
    metrics.learningRate = 1e-5
    #expect(
      metrics.json == #"{"step":100,"epoch":2,"classificationLoss":6.125,"contrastiveLoss":null,"alpha":0.1,"#
        + #""classificationGradientNorm":null,"contrastiveGradientNorm":null,"gradientCosine":null,"anchors":null,"#
        + #""learningRate":1e-05,"margin":null,"utterancesPerSecond":null,"loadSeconds":null,"#
        + #""forwardSeconds":null,"backwardSeconds":null,"communicateSeconds":null,"overlappedSeconds":null,"#
        + #""totalSeconds":null,"checkpointSeconds":null,"skipped":null,"elapsedSeconds":null}"#)
    var staged = metrics
    staged.stage = 3
    #expect(staged.json.hasPrefix(#"{"step":100,"stage":3,"epoch":2,"classificationLoss":"#))
    #expect(try JSONDecoder().decode(StepMetrics.self, from: Data(staged.json.utf8)).stage == 3)
    let read = try JSONDecoder().decode(StepMetrics.self, from: Data(metrics.json.utf8))
    #expect(read.json == metrics.json)
    #expect(read["contrastive"].loss.isNaN)
  }

  @Test func `a line of three objectives has weights and cosines by their names, and is read again`() throws {
    var metrics = StepMetrics(step: 1, epoch: 0, objectives: ["centre", "near", "wide"])
    for index in 0..<3 {
      metrics.objectives[index].loss = Double(index)
      metrics.objectives[index].weight = 0.25 * Double(index)
      metrics.objectives[index].gradientNorm = 10 * Double(index)
      metrics.gradientCosines[index] = 0.125 * Double(index)
    }
    #expect(
      metrics.json.hasPrefix(
        #"{"step":1,"epoch":0,"centreLoss":0.0,"nearLoss":1.0,"wideLoss":2.0,"centreWeight":0.0,"nearWeight":0.25,"#
          + #""wideWeight":0.5,"centreGradientNorm":0.0,"nearGradientNorm":10.0,"wideGradientNorm":20.0,"centreNearCosine":0.0,"#
          + #""centreWideCosine":0.125,"nearWideCosine":0.25,"anchors":null,"#), "\(metrics.json)")
    let read = try JSONDecoder().decode(StepMetrics.self, from: Data(metrics.json.utf8))
    #expect(read.json == metrics.json)
    #expect(read.objectives.map(\.weight) == [0, 0.25, 0.5])
  }

  @Test func `a log that is removed while it is open begins anew, and says so once`() throws {
    try withScratchFolder { folder in
      let path = folder + "/metrics.jsonl"
      let log = try MetricsLog(path: path)
      #expect(try !log.append(StepMetrics(step: 1, epoch: 0)))
      try FileSystem.remove(path)
      #expect(try log.append(StepMetrics(step: 2, epoch: 0)))
      #expect(try !log.append(StepMetrics(step: 3, epoch: 0)))
      #expect(try steps(in: path) == [2, 3])
    }
  }

  @Test func `a run that goes on appends`() throws {
    try withScratchFolder { folder in
      let path = folder + "/metrics.jsonl"
      for step in 1...3 { try MetricsLog(path: path).append(StepMetrics(step: step, epoch: 0)) }
      #expect(try steps(in: path) == [1, 2, 3])
    }
  }

  @Test(arguments: [0, 1, 7, 10, 99])
  func `the log is cut back to a step, a torn line with it`(step: Int) throws {
    for torn in ["", "{\"step\":1", "{\"step\":11}", "\0\0\0\n", "\n"] {
      try withScratchFolder { folder in
        let path = folder + "/metrics.jsonl"
        try write((1...10).map { StepMetrics(step: $0, epoch: 0).json + "\n" }.joined() + torn, to: path)
        let log = try MetricsLog(path: path)
        try log.cutBack(to: step)
        #expect(try steps(in: path) == Array(1...10).filter { $0 <= step })
        try log.append(StepMetrics(step: step + 1, epoch: 0))
        #expect(try steps(in: path).last == step + 1)
      }
    }
  }

  @Test(arguments: [1, 5000, 19_999])
  func `a log of megabytes is cut back`(step: Int) throws {
    try withScratchFolder { folder in
      let path = folder + "/metrics.jsonl"
      let lines = (1...20_000).map { StepMetrics(step: $0, epoch: 0).json + "\n" }
      try write(lines.joined(), to: path)
      try MetricsLog(path: path).cutBack(to: step)
      #expect(try read(path) == lines.prefix(step).joined())
    }
  }

  @Test func `an empty log stays empty`() throws {
    try withScratchFolder { folder in
      let path = folder + "/metrics.jsonl"
      try MetricsLog(path: path).cutBack(to: 5)
      #expect(try read(path) == "")
    }
  }

  @Test func `a full disk is told`() throws {
    let log = try MetricsLog(path: "/dev/full")
    let failure = failure {
      try log.append(StepMetrics(step: 1, epoch: 0))
    }
    #expect(failure?.message == "cannot write /dev/full: No space left on device")
  }

  @Test(arguments: [ENOSPC, EDQUOT, EROFS, EIO])
  func `lines that could not be written are written before the next one`(error: Int32) throws {
    try withScratchFolder { folder in
      let path = folder + "/metrics.jsonl"
      let log = try MetricsLog(path: path)
      try log.append(StepMetrics(step: 1, epoch: 0))
      for step in 2...3 {
        let failure = failure {
          try SystemCall.withFault(under: folder, { _, _ in error }) {
            try log.append(StepMetrics(step: step, epoch: 0))
          }
        }
        #expect(failure?.message == "cannot write \(path): \(String(cString: strerror(error)))")
        #expect(try steps(in: path) == [1])
      }
      try log.append(StepMetrics(step: 4, epoch: 0))
      #expect(try steps(in: path) == [1, 2, 3, 4])
    }
  }

  @Test func `lines that wait are written before a checkpoint, or it is told that they are not`() throws {
    try withScratchFolder { folder in
      let path = folder + "/metrics.jsonl"
      let log = try MetricsLog(path: path)
      SystemCall.withFault(under: folder, { purpose, _ in purpose == .write ? EDQUOT : nil }) {
        #expect(throws: Failure.self) { try log.append(StepMetrics(step: 1, epoch: 0)) }
        #expect(failure { try log.sync() }?.message == "cannot write \(path): \(String(cString: strerror(EDQUOT)))")
      }
      #expect(try steps(in: path) == [])
      try log.sync()
      #expect(try steps(in: path) == [1])
    }
  }

  private func steps(in path: String) throws -> [Int] {
    try read(path).split(separator: "\n").map {
      try JSONDecoder().decode(StepMetrics.self, from: Data($0.utf8)).step
    }
  }
}
