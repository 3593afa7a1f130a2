import ArgumentParser

/// A command whose ranks share its work; others run on rank 0 alone.
protocol RanksCommand: ParsableCommand {}
