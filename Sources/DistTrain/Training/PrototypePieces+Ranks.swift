/// Prototypes whose holders are ranks.
extension PrototypePieces {
  /// The pieces of each rank, as terms of a sum.
  private var shares: TermShares { TermShares((0..<holders).map(pieces(of:))) }

  /// The exchange over ranks.
  func exchange(_ communicator: any Communicator) -> PieceExchange {
    PieceExchange(
      gather: { values, each in
        communicator.gather(values, counts: (0..<holders).map { pieces(of: $0).count * each })
      }, collect: { communicator.gather($0, counts: Array(repeating: $0.count, count: holders)) },
      sum: { communicator.startSum($0.map(\.elements), of: shares).wait() })
  }

  /// The sum of a number of each piece, over all ranks. All ranks call this together.
  /// - Parameter values: the numbers of this rank's pieces.
  func total(_ values: [Double], over communicator: any Communicator) -> Double {
    let nodes = tree.nodes(of: own).map { node in
      SumTree.sum(of: node) {
        values[$0 - own.lowerBound]
      } adding: {
        $0 + $1
      }
    }
    return communicator.sum(nodes, width: 1, of: shares)[0]
  }
}
