import CKernels
import DistTrain

/// The speed of passes over more memory than any cache holds, on all threads of the rank.
enum MemoryBandwidth {
  /// Bytes a second, read and written counted, of a copy and of scaling in place.
  static func measure() -> (copy: Double, scale: Double) {
    let count = 64 << 20
    let source = Matrix.zeros(rows: 1, columns: count)
    let target = Matrix.zeros(rows: 1, columns: count)
    let bytes = Double(2 * count * MemoryLayout<Float>.stride)
    let copy = Seconds.median(rounds: 5) {
      inPieces(count) { (target.pointer + $0.lowerBound).update(from: source.pointer + $0.lowerBound, count: $0.count) }
    }
    let scale = Seconds.median(rounds: 5) {
      inPieces(count) { ck_affine(source.pointer + $0.lowerBound, source.pointer + $0.lowerBound, $0.count, 0.5, 1) }
    }
    return (bytes / copy, bytes / scale)
  }
}
