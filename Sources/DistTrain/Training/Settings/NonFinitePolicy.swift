extension Configuration {
  /// What training does about a loss or gradient that is not finite.
  package enum NonFinitePolicy: String, Choice {
    /// Ends.
    case stop
    /// Leaves the update out.
    case skip
    /// Goes back to the last checkpoint, and on from there with other crops.
    case rollback
  }
}
