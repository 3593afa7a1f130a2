import Foundation

extension Program {
  /// Sends a signal to one rank of a program that mpirun started; false where there is no such process yet.
  @discardableResult
  func send(_ signal: Int32, toRank rank: Int) -> Bool {
    guard let process = process(ofRank: rank) else { return false }
    return kill(process, signal) == 0
  }

  /// The process of a rank.
  func process(ofRank rank: Int) -> Int32? {
    process(having: ["OMPI_COMM_WORLD_RANK=\(rank)"]) ?? process(having: ["PMI_RANK=\(rank)"])
  }

  /// A process of the run that was started with these variables in its environment.
  func process(having variables: [String]) -> Int32? {
    let marks = ([mark] + variables).map { Array($0.utf8) }
    let processes = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return processes.compactMap { Int32($0) }.first { process in
      guard let environment = FileManager.default.contents(atPath: "/proc/\(process)/environ") else { return false }
      let variables = environment.split(separator: 0)
      return marks.allSatisfy { mark in variables.contains { $0.elementsEqual(mark) } }
    }
  }
}
