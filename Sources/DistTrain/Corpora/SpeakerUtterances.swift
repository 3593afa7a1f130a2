/// The positions of each speaker's utterances, ascending: a table's two arrays as a collection of collections. How many
/// each speaker has stays the same even if the table's file is cut.
///
/// Unchecked: the array is only read, and its owner keeps it.
package struct SpeakerUtterances: RandomAccessCollection, @unchecked Sendable {
  /// The offset in `members` at which the utterances of each speaker begin, and that at which the last speaker's end.
  private let firsts: [Int64]
  private let members: UnsafeBufferPointer<Int32>
  /// The block that holds the members.
  private let owner: ByteBlock

  init(firsts: some Sequence<Int64>, members: UnsafeBufferPointer<Int32>, of owner: ByteBlock) {
    self.firsts = Array(firsts)
    self.members = members
    self.owner = owner
  }

  package var startIndex: Int { 0 }
  package var endIndex: Int { firsts.count - 1 }

  package subscript(speaker: Int) -> Members {
    precondition(indices.contains(speaker), "speaker \(speaker) of \(count)")
    return Members(
      positions: UnsafeBufferPointer(rebasing: members[Int(firsts[speaker])..<Int(firsts[speaker + 1])]), owner: owner)
  }

  /// The positions of one speaker's utterances.
  ///
  /// Unchecked: the array is only read, and its owner keeps it.
  package struct Members: RandomAccessCollection, @unchecked Sendable {
    fileprivate let positions: UnsafeBufferPointer<Int32>
    fileprivate let owner: ByteBlock
    package var startIndex: Int { 0 }
    package var endIndex: Int { positions.count }

    package subscript(index: Int) -> Int {
      precondition(index >= 0 && index < positions.count, "utterance \(index) of a speaker's \(positions.count)")
      return Int(positions[index])
    }
  }
}
