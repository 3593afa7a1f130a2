extension Configuration {
  /// The settings that differ from those a run was started with and would change its result, in the order of the
  /// file: with any of them the run can't go on as if it had never stopped. `training.steps` is one of them, since
  /// schedules stretch over it; how often a run evaluates and saves, and what it is evaluated on, are not.
  package func differences(from stored: Configuration) -> [(key: String, stored: String, now: String)] {
    Self.settings.filter(\.changesResult)
      .map { (key: $0.key, stored: $0.text(stored), now: $0.text(self)) }
      .filter { $0.stored != $0.now }
  }
}
