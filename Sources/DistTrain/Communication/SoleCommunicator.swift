/// One rank alone, for which every operation is the identity.
package final class SoleCommunicator: Communicator {
  package let rank = 0
  package let size = 1
  package let hosts: [String]

  package init() {
    hosts = [hostName()]
  }

  package func startSum(_ values: [UnsafeMutableBufferPointer<Float>], of terms: TermShares) -> any PendingSum {
    precondition(terms.allNodes.count == 1, "one rank has all terms")
    return FinishedSum()
  }

  package func sum(_ values: [Double], width: Int, of terms: TermShares) -> [Double] {
    precondition(terms.allNodes.count == 1 && values.count == width, "one rank has all terms")
    return values
  }

  package func gather(_ own: UnsafeBufferPointer<Float>, counts: [Int], into all: UnsafeMutableBufferPointer<Float>) {
    precondition(counts == [own.count] && all.count == own.count, "one rank gathers what it has")
    _ = all.update(from: own)
  }

  package func gather(_ own: UnsafeBufferPointer<Double>, counts: [Int], into all: UnsafeMutableBufferPointer<Double>) {
    precondition(counts == [own.count] && all.count == own.count, "one rank gathers what it has")
    _ = all.update(from: own)
  }

  package func broadcast(_ bytes: UnsafeMutableRawBufferPointer, from root: Int) {
    precondition(root == 0, "there is no rank \(root)")
  }

  package func minimum(_ values: [Double]) -> [Double] { values }

  package func maximum(_ values: [Double]) -> [Double] { values }

  package func barrier() {}

  package func gather(_ bytes: [UInt8]) -> [[UInt8]] { [bytes] }
}
